-- What the models of imports share.

-- Whether one of the texts in a list occurs in `value`.
CREATE MACRO contains_any(value, texts) AS len(list_filter(texts, lambda t: contains(value, t))) > 0;
