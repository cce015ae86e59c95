"""The protocol as data: pydantic models, one file a part."""
