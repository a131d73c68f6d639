-- What is published of URLs.

-- The path of a URL, with or without its host: no query, no fragment.
CREATE MACRO path_of(url) AS
    regexp_extract(coalesce(url, ''), '^(?s:[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*)?([^?#]*)', 1);

-- The host of a URL with a scheme, in lower case and without `www.`; empty if it is no name of at least two labels.
CREATE MACRO host_of(url) AS regexp_extract(
    lower(url), '^[a-z][a-z0-9+.-]*://(?:[^/?#]*@)?(?:www\.)?((?:[a-z0-9_-]+\.)+[a-z0-9-]*[a-z][a-z0-9-]*)\.?(?::[0-9]*)?(?:[/?#]|$)', 1
);
