"""Reads bundles and runs their graphs; never imports Keras, and an engine only when it is used."""

from looksay.runtime.bundle import SHIPPED, Bundle
from looksay.runtime.graph import ENGINES, PRECISIONS, Graph, Pending, check_engine, open_graph
from looksay.runtime.manifest import FORMAT, write_manifest
from looksay.runtime.stepper import GraphStepper

__all__ = [
    "ENGINES",
    "FORMAT",
    "PRECISIONS",
    "SHIPPED",
    "Bundle",
    "Graph",
    "GraphStepper",
    "Pending",
    "check_engine",
    "open_graph",
    "write_manifest",
]
