"""Tests. They mirror the tree; flows, crashes, nights, recipes and documentation have folders of their own."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
