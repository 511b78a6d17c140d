//! How shapes print, travel and differ.
