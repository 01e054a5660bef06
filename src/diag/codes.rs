//! Every code a diagnostic may carry, with its explanation for `pnilab explain`.
//!
//! E0 is the file and its syntax, E1 the shape, E2 references, E3 values, N notes. A code is
//! never used again for something else.

use super::Level;

macro_rules! codes {
    ($($name:ident, $code:literal, $title:literal, $text:literal;)*) => {
        /// What a diagnostic is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable code, such as `E2001`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it is about, in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it means and what to do, in a paragraph.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    Unreadable, "E0001", "The file cannot be read.",
        "The path does not exist, is a directory, or may not be read. Paths on the command line \
         are relative to where the command runs; the `topology:` of a scenario is relative to \
         the folder of the scenario's file.";
    NotUtf8, "E0002", "The file is not UTF-8 text.",
        "Input files are YAML 1.2 in UTF-8. Save the file as UTF-8; the place shown is the first \
         byte that does not belong to a UTF-8 character.";
    TooLarge, "E0003", "The file is larger than 64 MiB.",
        "Larger files are refused before they are read. Split the design, or use `count:` on a \
         prefix instead of listing thousands of prefixes that are treated alike.";
    Syntax, "E0004", "The file is not valid YAML, or the table not valid CSV.",
        "The text cannot be understood as one YAML document. As nothing behind a syntax error \
         can be trusted, it is reported alone. The usual reasons are a bracket that is not \
         closed, a tab in the indentation, a missing space after a colon, or an entry that is \
         indented differently from its neighbours. Sometimes the reason is a line above the \
         place shown.";
    DuplicateKey, "E0005", "A key stands twice in one mapping.",
        "YAML mappings have each key once; of two equal keys, one would be lost silently. Names \
         are keys here, so this is also what two routers with the same name look like. Rename \
         or remove one of them. Keys that come in through `<<` give way to those written out \
         and are no duplicates.";
    TooComplex, "E0006", "The file is nested too deeply or expands to too much.",
        "A file may be nested 64 levels deep, and aliases (`*name`) may expand to no more values \
         than the file has bytes (at least 10,000). Real designs stay far below; a file that \
         does not is most likely broken or hostile.";
    NewerFormat, "E0007", "The file has a newer format than this version reads.",
        "The `pnilab:` key at the top names the file's kind and format number, such as \
         `topology/1`. A higher number than this version knows means that the file was written \
         for a newer version of pnilab: upgrade it. Older formats stay readable.";

    UnknownKey, "E1001", "The key is not known here.",
        "Unknown keys are errors, as a misspelt key would otherwise be ignored and the design \
         would not be what it seems. If the key is one that a later version of pnilab reads, \
         the hint says so. Top-level keys that start with `x-` are ignored: they are the place \
         for YAML anchors.";
    WrongType, "E1002", "The value has the wrong shape.",
        "A mapping, a list, a text, a whole number or `true`/`false` was expected and something \
         else was found. Only `true` and `false` are booleans (YAML 1.2 core schema); numbers \
         are written without quotes.";
    MissingKey, "E1003", "A key that is needed is missing.",
        "The entry lacks a key without which it means nothing. Everything that has a sensible \
         default may be left out and is listed among the assumptions of a result instead.";
    Null, "E1004", "The value is null.",
        "A key with nothing behind its colon is null in YAML. As it can be read as `off` and as \
         `on with all defaults`, it is refused: write `{}` for a mapping with nothing in it \
         (which turns `lacp`, `bfd` or a session on), or remove the key.";
    UnknownWord, "E1005", "The word is not one of those allowed here.",
        "Some values are one of a few words, such as `peer`, `customer` or `provider`. The hint \
         lists them. A word that a later version of pnilab reads is named as such.";
    WrongCount, "E1006", "The list or mapping has the wrong number of entries.",
        "`ends` and `between` have exactly two entries, `position` is a latitude and a \
         longitude, `inject` and each bound hold exactly one kind or measure, a LAG has at least \
         one circuit.";
    WrongKind, "E1007", "The file is of another kind.",
        "A topology says `pnilab: topology/1` at its top, a scenario `pnilab: scenario/1`. \
         `run` wants scenarios; the topology is named inside.";

    UnknownName, "E2001", "Nothing has this name.",
        "The name refers to something that the file does not declare. Names are the keys of \
         `routers:`, `sites:` and so on. Feeds and cards are named with their owner, as in \
         `ams-a/a` and `ct-ams-1/lc0`, sessions as in `pni-ams-1/ipv4`.";
    DeclaredTwice, "E2002", "Two things of one kind have the same name.",
        "Names are unique per kind in a file, also where the entries stand in different \
         mappings: two PNIs cannot both have a circuit `x-1`, as a fault on `x-1` would not say \
         which. Prefixes are compared in canonical form.";
    NotAnEnd, "E2003", "The router is not an end of it.",
        "`sides:`, `ports:`, `toward:` and `router:` say which of the two ends is meant, so the \
         router must be one of them.";
    WrongNetwork, "E2004", "The networks do not fit.",
        "A PNI joins two different networks, a link stays inside one, and a prefix is served by \
         routers of the network it belongs to.";
    NotServed, "E2005", "No router serves the prefix there.",
        "Every prefix is served by at least one router, and the `from` of a demand is served by \
         each router the demand starts `at`, as that is where its traffic comes from.";
    SameId, "E2006", "Two files of one run have the same id.",
        "The id of a file is its `name:`, or else its file name without the extension. Results \
         are filed under it, so two scenarios of one run need different ids.";
    NamedTwice, "E2007", "A target is named twice.",
        "A fault hits each of its targets once: a second mention has no meaning, and is most likely \
         the name of another target misspelt.";

    BadQuantity, "E3001", "The quantity cannot be understood.",
        "Quantities carry their unit: `300ms`, `90s`, `5m`, `100G` (bit/s, decimal), `18km`, \
         `99%`, `20000/s`. A bare number is refused, as nobody could tell seconds from \
         milliseconds.";
    OutOfRange, "E3002", "The value is out of range.",
        "The number or quantity is too small or too large to make sense; the message says what \
         the range is.";
    BadName, "E3003", "The name has characters it may not have.",
        "Names have 1 to 63 of the characters `a-z`, `0-9`, `.`, `_` and `-`, and start with a \
         letter or a digit. They are used in file names and on command lines as they are.";
    BadAddress, "E3004", "The prefix, address or community cannot be understood.",
        "Prefixes are written `198.51.100.0/24` or `2001:db8::/32`, without bits set behind \
         the length. Communities are two numbers below 65536, as in `8075:8007`.";
    SameEnds, "E3005", "Both ends are the same.",
        "A PNI or link joins two different routers, a span two different sites, and what parts two \
         ports of an exchange names two.";
    MinLinks, "E3006", "`min_links` is larger than the number of circuits.",
        "A LAG with fewer active members than `min_links` is down, so this LAG could never come \
         up.";
    Shares, "E3007", "The shares do not sum to 100 %.",
        "The shares under a demand's `at:` say which part of the traffic starts at which router. \
         Together they are all of it.";
    BadAsn, "E3008", "The AS number may not be used.",
        "AS numbers 0 (RFC 7607), 23456 (AS_TRANS, RFC 6793), 65535 (RFC 7300) and 4294967295 \
         (RFC 7300) cannot number a network.";
    Timers, "E3009", "The timers contradict each other.",
        "A hold time is zero or at least 3 s (RFC 4271 §4.2) and not shorter than the keepalive \
         interval; a dead interval is longer than the hello interval; a first wait is not \
         longer than the longest wait.";
    BadBound, "E3010", "The bound does not bound anything.",
        "A bound has `at_most`, `at_least` or both, in this order of size, and only the keys \
         that fit its measure: `demand`, `class` and `direction` for what is measured on \
         demands, `session` and `router` for `detection`, `pni`, `link` and `router` for \
         `utilization`.";
    BadTime, "E3011", "The fault happens outside of the run.",
        "Every fault begins before the run's `duration` is over, its repeats included. A fault \
         that repeats ends before it begins again.";
    NoWindow, "E3012", "The bound looks at windows that do not exist.",
        "`window: fault` looks at what follows the begin of a fault, `window: reversion` at what \
         follows the end of one. A scenario without faults, or whose faults never end within \
         the run, has no such window, and the bound would hold without saying anything.";
    TooMany, "E3013", "There is more of it than a run can have.",
        "A scenario may have 10,000 fault begins, repeats counted; a design 50,000 internal \
         BGP sessions and 1,000,000 pairs of a prefix and a router that serves it.";
    WrongFamily, "E3014", "IPv4 and IPv6 are mixed.",
        "The `from` and `to` of a demand are of one address family.";
    PortTaken, "E3015", "Two circuits use the same port.",
        "A port of a router holds one circuit. Virtual routers of one chassis share its ports.";
    TooFewFeeds, "E3016", "The router needs more feeds than it has.",
        "`feeds_needed` is how many of the router's `feeds` must be live for it to run, at least \
         one and at most all of them.";

    SharedChassis, "E3017", "Virtual routers of one chassis differ in place or power.",
        "Routers that name the same `chassis` are one box: they stand at one site, in one power \
         zone, and on the same feeds.";

    MixedSpeeds, "E3018", "The members of a LAG differ in speed.",
        "A LAG consists of links of one data rate (IEEE 802.1AX-2008 §1), and flows are spread over \
         them evenly. Circuits of another speed make a PNI, link or port of their own.";
    BadDate, "E3019", "The date cannot be understood.",
        "A day of the Gregorian calendar from 1970 on is written `2026-11-22`.";

    Documentation, "N0001", "The design uses numbers reserved for documentation.",
        "AS numbers 64496 to 64511 and 65536 to 65551 (RFC 5398) and the prefixes 192.0.2.0/24, \
         198.51.100.0/24, 203.0.113.0/24 (RFC 5737), 2001:db8::/32 (RFC 3849) and 3fff::/20 \
         (RFC 9637) are stand-ins. They are accepted, but no provider will: replace them with \
         your own before the design is ordered.";
    NeverUp, "N0002", "Something in the design can never come up.",
        "LACP at one end only finds no partner, two passive ends wait for each other, and micro-BFD \
         at one end only stays down. Such a LAG carries nothing in any run. It is accepted, as a \
         misconfiguration may be what is to be shown.";
    NoEffect, "N0003", "Something that the design states has no effect.",
        "What is stated is valid but nothing acts on it: BFD of a link watches its IGP adjacency, \
         which static routing does not have; a LAG that is not revertive uses a member again only \
         when it must, however long the member waits to be restored.";
    OneSided, "N0004", "A session is configured for something at one end only.",
        "Graceful restart, long-lived stale routes and BFD take both ends of a session. Where one \
         end only is configured for it, it has no effect; a session that waits for BFD (`strict`) \
         never comes up if the other end does not run it. That may be what the design wants to \
         show.";
}

impl Code {
    /// Notes start with N, all else is an error.
    #[must_use]
    pub const fn level(self) -> Level {
        match self.as_str().as_bytes() {
            [b'N', ..] => Level::Note,
            _ => Level::Error,
        }
    }

    /// The code written `text`, in either case.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
    }
}
