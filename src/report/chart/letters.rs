//! How wide a text is, without asking any font of the machine.

/// Advance widths of `DejaVu Sans`, `U+0020` to `U+007E`, in thousandths of the font size. Arial, the
/// next in the list of families, is narrower, so what fits here fits there.
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// The same of `DejaVu Sans Bold`.
const BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696,
    696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683,
    683, 821, 837, 372, 372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771,
    724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665,
    343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
];

/// Width of any other character: that of `—`, the widest that charts write.
const OTHER: u16 = 1000;

/// Whether letters are bold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// Normal letters.
    Regular,
    /// Bold letters.
    Bold,
}

/// Width of `text` at `size` pixels, in pixels.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let table = match weight {
        Weight::Regular => &REGULAR,
        Weight::Bold => &BOLD,
    };
    let thousandths: u32 = text
        .chars()
        .map(|c| {
            let place = u32::from(c).checked_sub(0x20).and_then(|i| usize::try_from(i).ok());
            let known = place.and_then(|i| table.get(i).copied());
            u32::from(known.unwrap_or(OTHER))
        })
        .sum();
    f64::from(thousandths) * size / 1000.0
}

/// `text`, or as much of its start and end as fits into `room` pixels around an ellipsis.
pub(super) fn fit(text: &str, size: f64, weight: Weight, room: f64) -> String {
    if width(text, size, weight) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    for kept in (1..letters.len()).rev() {
        let head = kept.div_ceil(2);
        let tail = kept - head;
        let start: String = letters[..head].iter().collect();
        let end: String = letters[letters.len() - tail..].iter().collect();
        let short = format!("{}…{}", start.trim_end(), end.trim_start());
        if width(&short, size, weight) <= room {
            return short;
        }
    }
    String::new()
}

/// `text` in lines of at most `room` pixels, broken at spaces.
pub(super) fn wrap(text: &str, size: f64, weight: Weight, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let longer = match lines.last() {
            Some(line) => format!("{line} {word}"),
            None => word.to_owned(),
        };
        match lines.last_mut() {
            Some(line) if width(&longer, size, weight) <= room => *line = longer,
            _ => lines.push(fit(word, size, weight, room)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_wide_as_its_letters() {
        // p 635, n 634, i 278: 1547 thousandths of 10 px.
        assert!((width("pni", 10.0, Weight::Regular) - 15.47).abs() < 1e-9);
        assert!(width("pni", 10.0, Weight::Bold) > width("pni", 10.0, Weight::Regular));
    }

    #[test]
    fn a_long_name_keeps_its_start_and_its_end() {
        let name = "pni-amsterdam-science-park-1/ipv4 at ct-ams-1";
        let short = fit(name, 11.0, Weight::Regular, 150.0);
        assert!(width(&short, 11.0, Weight::Regular) <= 150.0);
        assert!(short.starts_with("pni-ams") && short.ends_with("ct-ams-1"), "{short}");
        assert_eq!(fit("short", 11.0, Weight::Regular, 150.0), "short");
    }

    #[test]
    fn wrapped_lines_fit_and_lose_no_word() {
        let text = "One of two PNIs goes silent and BFD moves its half";
        let lines = wrap(text, 11.0, Weight::Regular, 120.0);
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|l| width(l, 11.0, Weight::Regular) <= 120.0));
        assert_eq!(lines.join(" "), text);
    }
}
