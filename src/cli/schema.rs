//! `pnilab schema`: the JSON Schema that editors complete by.

use super::args::{SchemaArgs, SchemaKind};
use super::{Exit, Failure, data};
use crate::input::FileKind;
use crate::model::schema::schema;

pub(super) fn run(args: &SchemaArgs) -> Result<Exit, Failure> {
    let kind = match args.kind {
        SchemaKind::Topology => FileKind::Topology,
        SchemaKind::Scenario => FileKind::Scenario,
    };
    data(&schema(kind))?;
    Ok(Exit::Pass)
}
