//! The highest load of each PNI, link and port among all sets of a sweep.

use super::canvas::{self, Area, Canvas, Type};
use super::frame::{self, HEADER, MARGIN, ROOM, WIDTH, rows};
use super::palette::Role;
use super::{Chart, sweep_origin};
use crate::report::data::{SweepResult, WorstLoad};
use crate::report::number;

/// Width of the names on the left.
const NAMES: f64 = 270.0;
/// Width of what leads to a load, on the right.
const CAUSES: f64 = 280.0;
/// Height of a direction.
const ROW: f64 = 24.0;
/// Most directions drawn.
const MOST: usize = 20;
/// Where a LAG of two members stands when one is lost and the other is full, and where capacity ends.
const MARKS: [(f64, &str); 2] = [(0.5, "50 %"), (1.0, "100 %")];

/// Draws the highest loads.
pub(super) fn chart(result: &SweepResult) -> Chart {
    let shown = &result.worst_loads[..result.worst_loads.len().min(MOST)];
    let body = ROW * rows(shown.len().max(1));
    let foot = HEADER + 24.0 + body + 58.0;
    let height = foot + frame::origin_height(&result.command);
    let most = shown.iter().map(|load| load.utilization).fold(1.0, f64::max).min(3.0) * 1.04;
    let title = format!("Highest loads: {}", result.topology);
    let what = format!(
        "Offered over capacity (%) in the worst of {} sets of up to {} failures, and what leads to it",
        result.sets, result.k
    );
    let shapes = canvas::draw(WIDTH, height, |canvas| {
        frame::header(canvas, &title, &what);
        let w = ROOM - NAMES - CAUSES;
        let plot = Area { x: MARGIN + NAMES, y: HEADER + 24.0, w, h: body };
        canvas.fill(plot, Role::Panel);
        for (row, load) in shown.iter().enumerate() {
            let area = Area { y: plot.y + ROW * rows(row), h: ROW, ..plot };
            draw_load(canvas, load, area, most);
        }
        if shown.is_empty() {
            canvas.text((plot.x + 12.0, plot.y + 16.0), Type::SMALL, "Nothing carries anything.");
        }
        for (mark, words) in MARKS {
            let x = plot.x + plot.w * mark / most;
            canvas.dashes(&[(x, plot.y), (x, plot.bottom())], (Role::Bound, 1.5), (6.0, 4.0));
            canvas.text((x, plot.y - 6.0), Type::SMALL.role(Role::Bound).middle(), words);
        }
        let entries = [(Role::Steady, "when none of them fails"), (Role::Peak, "in the worst set")];
        frame::legend(
            canvas,
            (plot.x, plot.bottom() + 24.0, 18.0),
            &entries,
            |canvas, area, role| {
                canvas.fill(area, role);
            },
        );
        if result.worst_loads.len() > shown.len() {
            let words = format!(
                "+{} more directions: see sweep.json",
                result.worst_loads.len() - shown.len()
            );
            canvas.text((MARGIN, plot.bottom() + 44.0), Type::SMALL.role(Role::Muted), &words);
        }
        frame::origin(canvas, &sweep_origin(result), &result.command, foot);
    });
    Chart { stem: "loads", title, description: describe(shown), width: WIDTH, height, shapes }
}

fn describe(shown: &[WorstLoad]) -> String {
    let one = |load: &WorstLoad| {
        format!("{} {}: {}", load.link, load.direction, number::percent(load.utilization))
    };
    shown.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn draw_load(canvas: &mut Canvas<'_>, load: &WorstLoad, area: Area, most: f64) {
    let base = area.y + area.h / 2.0 + 4.0;
    let name = format!("{}  {}", load.link, load.direction);
    let look = Type::SMALL;
    canvas.text((MARGIN, base), look, &look.fit(&name, NAMES - 10.0));
    let reach = |ratio: f64| area.w * (ratio / most).clamp(0.0, 1.0);
    let bar = Area { y: area.y + 4.0, h: area.h - 8.0, ..area };
    canvas.fill(Area { w: reach(load.utilization), ..bar }, Role::Peak);
    canvas.fill(
        Area { w: reach(load.usual_utilization), y: bar.y + 4.0, h: bar.h - 8.0, ..bar },
        Role::Steady,
    );
    let set = if load.set.is_empty() { "whatever fails".to_owned() } else { load.set.join(" + ") };
    let words = format!("{}  {set}", number::percent(load.utilization));
    canvas.text((area.right() + 10.0, base), look, &look.fit(&words, CAUSES - 10.0));
}
