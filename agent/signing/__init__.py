"""Signatures of Leakline's own: of packs, and of the trail's checkpoints."""
