"""The Titan battery, free of Home Assistant: its datasheet, its two wires, its verbs and limits."""
