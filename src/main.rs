//! The `pnilab` command.

fn main() -> std::process::ExitCode {
    pnilab::cli::main()
}
