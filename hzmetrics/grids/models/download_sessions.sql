-- DA: sessions without a tool start that downloaded something at whatever time.
SELECT * FROM sessions WHERE jobs = 0 AND duration >= 0 AND has_download
