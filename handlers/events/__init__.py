"""One file per event: a pure function from an event to the work it asks for."""
