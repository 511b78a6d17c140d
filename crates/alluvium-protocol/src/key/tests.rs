//! The laws of key codecs.
