//! Results as documents, charts and tables: plain data in, text and files out.
//!
//! This room knows neither the simulator nor the model. It takes a [`data::RunReport`] and writes
//! it for machines ([`json`], [`csv`], [`check`]), for a design review ([`chart`], [`html`]), for a terminal
//! ([`summary`]) and as a folder of files ([`mod@write`]).

pub mod chart;
pub mod check;
pub mod csv;
pub mod data;
pub mod html;
pub mod json;
pub mod number;
pub mod summary;
mod words;
pub mod write;

#[cfg(test)]
mod sample;
