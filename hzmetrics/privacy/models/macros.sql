-- What the models of the anonymisation share.

-- An address without its last parts: of IPv4 24 bits are left, of IPv6 at most 48. A text that is no address becomes empty.
-- 127.0.0.1 is nobody's address, and the grids know it by itself.
CREATE MACRO shortened(ip) AS CASE
    WHEN ip = '127.0.0.1' THEN ip
    WHEN regexp_full_match(ip, '[0-9]{1,3}([.][0-9]{1,3}){3}') THEN regexp_replace(ip, '[.][0-9]+$', '.0')
    WHEN regexp_full_match(ip, '[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*') THEN regexp_replace(
        array_to_string(string_split(split_part(ip, '::', 1), ':')[1:3], ':') || '::', '(:0+)+::$', '::'
    )
    ELSE ''
END;

-- A shortened address with a number in its last part, so that rows stay different. 0: the address itself.
CREATE MACRO numbered(ip, number) AS CASE
    WHEN number = 0 THEN ip
    WHEN ip = '' THEN '0.0.0.' || number
    WHEN ends_with(ip, '.0') THEN left(ip, length(ip) - 1) || number
    ELSE ip || to_hex(number)
END;
