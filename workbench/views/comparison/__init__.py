"""A comparison as rows: curves with their legend, tables, previews side by side, the verdict."""
