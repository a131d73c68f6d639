-- Grids whose newest cells are of a month before the previous one. The simulation grid may be empty on a hub without
-- tools (spec 65 §11).
--
-- grain: a grid
-- reads: newest_cells, scope
-- columns:
--   subject  VARCHAR  table
--   key      VARCHAR  previous month
--   text     VARCHAR  what was found
--   command  VARCHAR  what repairs it

SELECT
    grid AS subject,
    previous_month AS key,
    coalesce('the newest cells are of ' || month, 'no cells') AS text,
    'summarize-month ' || previous_month AS command
FROM newest_cells
CROSS JOIN scope
WHERE coalesce(month, '') < previous_month
    AND (month IS NOT NULL OR grid <> 'summary_simusage_vals' OR has_tool_starts)
ORDER BY list_position(['summary_user_vals', 'summary_misc_vals', 'summary_simusage_vals'], grid)
