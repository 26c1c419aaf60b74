"""What a run is worth: numbers, tables and figures of its predictions, indicators and glasses."""
