//! Results as documents, charts and tables: plain data in, text and files out.
//!
//! This room knows neither the simulator nor the model. It takes a [`data::RunReport`] and writes
//! it for machines (JSON, CSV), for a design review (SVG, PNG, HTML) and for a terminal.

pub mod data;
pub mod number;
