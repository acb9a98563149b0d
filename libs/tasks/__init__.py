"""The craft: what can be learned, one folder per task; light sides know no torch, heavy sides do."""
