"""What the sibling integrations share: points, blocks, devices, wires, pacing.

A plain package: no manifest, no state of its own, no vendor. Everything but ``ha`` is free of
Home Assistant. Siblings import it relatively (``from ..energy_core.x import y``) and in no other
form, because a release puts a copy of this folder inside each sibling.
"""
