"""Equipoise takes a clinical trial from protocol to answer."""
