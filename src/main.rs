//! The `pnilab` command.

fn main() {}
