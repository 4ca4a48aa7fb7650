"""The parts of hdp-import; docs/Importing.md describes the tool."""
