//! Pictures: well-formed, not empty, as many strokes as the schedule has runs, never large.

use std::fs;
use std::path::Path;

use crate::support::{fail, folder, json, succeed};

const FORWARD: &str = "#1f66ad";
const RECORDED: &str = "#d65421";
const REVERSE: &str = "#268b62";

/// Every opened element is closed in order, attributes are quoted; the names of the elements.
#[track_caller]
fn elements(svg: &str) -> Vec<String> {
    let (mut open, mut names) = (Vec::new(), Vec::new());
    let mut rest = svg;
    while let Some((text, tail)) = rest.split_once('<') {
        assert!(!text.contains('>'), "a loose bracket in {text}");
        let bare = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
        assert!(!bare.replace("&quot;", "").contains('&'), "a loose ampersand in {text}");
        let (tag, after) = tail.split_once('>').expect("a tag should end");
        rest = after;
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{name} should be open");
            continue;
        }
        let name = tag.split(' ').next().unwrap_or_default().to_owned();
        names.push(name.clone());
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} should be closed");
    names
}

/// Strokes of a colour in the plotting area, that of the legend not counted.
fn strokes(svg: &str, color: &str) -> usize {
    let mark = format!("stroke=\"{color}\"");
    let paths = svg.lines().filter(|line| line.starts_with("<path") && line.contains(&mark));
    let count: usize = paths.map(|line| line.matches('M').count()).sum();
    count.saturating_sub(1)
}

#[track_caller]
fn draw(folder: &Path, line: &str, file: &str) -> String {
    let words: Vec<&str> = ["schedule"].into_iter().chain(line.split(' ')).collect();
    succeed(folder, &words);
    let svg = fs::read_to_string(folder.join(file)).expect("the picture should be there");
    let names = elements(&svg);
    assert_eq!(names[0], "svg");
    assert!(names.iter().filter(|name| *name == "path").count() > 3, "{names:?}");
    svg
}

#[test]
fn every_run_is_a_stroke() {
    let folder = folder();
    let line = "revolve --steps 20 --slots 3";
    let svg = draw(folder.path(), &format!("{line} --plot a.svg"), "a.svg");
    let found =
        json(folder.path(), &format!("schedule {line} --actions").split(' ').collect::<Vec<_>>());
    let actions = found["actions"].as_array().expect("actions");
    let count = |name: &str| actions.iter().filter(|action| action[0] == name).count();
    assert_eq!(strokes(&svg, FORWARD), count("advance"));
    assert_eq!(strokes(&svg, RECORDED), count("record"));
    assert_eq!(strokes(&svg, REVERSE), count("reverse"));
    assert!(svg.contains(">revolve, 20 steps, 3 slots<"));
}

#[test]
fn every_family_is_drawn() {
    let folder = folder();
    let chain = include_str!("../../../checkpoint/tests/data/e_rotor.json");
    let chain: serde_json::Value = serde_json::from_str(chain).expect("a table");
    fs::write(folder.path().join("c.json"), chain["chains"][0]["chain"].to_string()).expect("file");
    fs::write(folder.path().join("j.json"), r#"{"trunk": 2, "branches": [3, 5]}"#).expect("file");
    let uneven = r#"{"forward": [1, 1, 9, 1, 1, 1], "size": [4, 4, 6, 10, 4, 4]}"#;
    fs::write(folder.path().join("u.json"), uneven).expect("file");
    for line in [
        "store-all --steps 9",
        "store-none --steps 9",
        "no-reuse --steps 9 --slots 3",
        "memory-reuse --steps 9 --slots 3",
        "multistage --steps 30 --ram 2 --disk 2",
        "two-level --steps 30 --period 7 --slots 2",
        "asynchronous --steps 30 --period 7 --slots 2",
        "disk-revolve --steps 30 --slots 2 --write-cost 3 --read-cost 2",
        "disk-revolve --steps 30 --slots 2 --write-cost 0 --read-cost 0 --uf 0 --ub 0",
        "disk-revolve-one-read --steps 30 --slots 2 --write-cost 3 --read-cost 2",
        "periodic-disk-revolve --steps 30 --slots 2 --write-cost 3 --read-cost 2",
        "h-revolve --steps 30 --tiers 1:0:0,1:1:1,1:2:2,1:3:3,1:4:4,1:5:5",
        "mixed --steps 30 --slots 4",
        "cams --steps 30 --slots 6 --stages 2",
        "online --steps 30 --slots 3",
        "chain --file c.json --budget 9",
        "join --file j.json --slots 6",
        "uneven --file u.json --slots 3",
        "uneven --file u.json --budget 14",
    ] {
        let svg = draw(folder.path(), &format!("{line} --plot a.svg"), "a.svg");
        let runs = strokes(&svg, RECORDED);
        let all = usize::from(line.starts_with("store-all"));
        assert!(runs >= 6 || (all == 1 && runs == 1), "{line}: {runs}");
        assert!(svg.len() < 60_000, "{line}: {} bytes", svg.len());
    }
}

/// Where the strokes of a colour begin and how wide they are, in pixels, from left to right; that
/// of the legend comes before the others and is left out.
fn extents(svg: &str, color: &str) -> Vec<[f64; 2]> {
    let mark = format!("stroke=\"{color}\"");
    let drawn = |line: &&str| line.starts_with("<path") && line.contains(&mark);
    let path = svg.lines().rfind(drawn).expect("a path");
    let (_, strokes) = path.split_once(" d=\"M").expect("its strokes");
    let strokes = strokes.trim_end_matches("\"/>").split('M').map(|stroke| {
        let (from, to) = stroke.split_once('l').expect("a stroke");
        [from, to].map(|point| point.split(' ').next().and_then(|x| x.parse().ok()).expect("x"))
    });
    let mut extents: Vec<[f64; 2]> = strokes.collect();
    // What takes no time comes first.
    extents.sort_by(|a, b| a.partial_cmp(b).expect("places are numbers"));
    extents
}

/// Places and numbers of the marks of the time axis: the only texts that end at its height.
fn marks(svg: &str) -> Vec<[f64; 2]> {
    let texts = svg.lines().filter(|line| line.contains(" y=\"546\""));
    let marks = texts.map(|text| {
        let (_, place) = text.split_once("x=\"").expect("a place");
        let (_, number) = text.split_once('>').expect("a number");
        let (place, number) = (place.split('"').next(), number.strip_suffix("</text>"));
        [place, number].map(|text| text.and_then(|text| text.parse().ok()).expect("a number"))
    });
    marks.collect()
}

/// Where the plotting area begins, and its width, in pixels.
const LEFT: f64 = 84.0;
const WIDTH: f64 = 860.0;

/// Steps are as wide as they are dear, and the axis counts what they take.
#[test]
fn uneven_steps_take_the_time_that_they_cost() {
    let folder = folder();
    let check = |forward: [u32; 6], reverse: [u32; 6]| {
        let file = serde_json::json!({ "forward": forward, "reverse": reverse }).to_string();
        fs::write(folder.path().join("u.json"), file).expect("a file");
        let line = "uneven --file u.json --slots 2";
        let svg = draw(folder.path(), &format!("{line} --plot a.svg"), "a.svg");
        let line = format!("schedule {line} --actions");
        let found = json(folder.path(), &line.split(' ').collect::<Vec<_>>());
        // Where nothing costs anything, every step takes one.
        let free = forward.iter().chain(&reverse).all(|cost| *cost == 0);
        let time = |costs: &[u32]| {
            f64::from(if free { costs.len() as u32 } else { costs.iter().sum::<u32>() })
        };
        let mut expected = [FORWARD, RECORDED, REVERSE].map(|color| (color, Vec::new()));
        let mut now = 0.0;
        for action in found["actions"].as_array().expect("actions") {
            let number = |k: usize| action[k].as_u64().expect("a number") as usize;
            let (kind, seconds) = match action[0].as_str() {
                Some("advance") => (0, time(&forward[number(1)..number(2)])),
                Some("record") => (1, time(&forward[number(1)..number(2)])),
                Some("reverse") => (2, time(&reverse[number(2)..number(1)])),
                _ => continue,
            };
            expected[kind].1.push([now, seconds]);
            now += seconds;
        }
        let pixels = |time: f64| WIDTH * time / now;
        for (color, strokes) in expected {
            let drawn = extents(&svg, color);
            assert_eq!(drawn.len(), strokes.len(), "{color}: {drawn:?}");
            for ([x, width], [from, seconds]) in drawn.into_iter().zip(strokes) {
                // Both ends are rounded to tenths of a pixel.
                assert!((x - LEFT - pixels(from)).abs() <= 0.051, "{color}, at {from}: {x}");
                assert!((width - pixels(seconds)).abs() <= 0.101, "{color}, {seconds}: {width}");
            }
        }
        let marks = marks(&svg);
        assert!(marks.len() > 3, "{marks:?}");
        for [x, time] in marks {
            // Places of texts are rounded to hundredths of a pixel.
            assert!((x - LEFT - pixels(time)).abs() <= 0.0051, "{time} at {x}");
        }
        svg
    };
    let dear = check([1, 1, 9, 1, 1, 1], [2, 2, 18, 2, 2, 2]);
    assert!(!dear.contains("a forward step takes"), "{dear}");
    // The first step costs nothing, the others do.
    check([0, 1, 9, 1, 1, 1], [0, 2, 18, 2, 2, 2]);
    check([0, 0, 0, 0, 0, 0], [0, 0, 0, 5, 0, 0]);
    let free = check([0; 6], [0; 6]);
    assert!(free.contains("a forward step takes 1, a reverse step 1"), "{free}");
}

/// Tiers have colours of their own, and adjoint data are dashed.
#[test]
fn snapshots_live_as_long_as_they_are_stored() {
    let folder = folder();
    let svg = draw(folder.path(), "multistage --steps 60 --ram 2 --disk 3 --plot a.svg", "a.svg");
    for name in [">snapshot in tier 0<", ">snapshot in tier 1<", ">forward<", ">reverse<"] {
        assert!(svg.contains(name), "{name}");
    }
    let svg = draw(folder.path(), "mixed --steps 30 --slots 5 --plot a.svg", "a.svg");
    assert!(svg.contains(">adjoint data<") && svg.contains("stroke-dasharray"));
}

#[test]
fn large_schedules_are_thinned_out() {
    let folder = folder();
    let svg = draw(folder.path(), "revolve --steps 200000 --slots 6 --plot a.svg", "a.svg");
    assert!((100_000..2_000_000).contains(&svg.len()), "{} bytes", svg.len());
}

#[test]
fn timelines_have_a_lane_for_the_model_and_for_the_queue() {
    let folder = folder();
    let line = "asynchronous --steps 60 --period 12 --slots 3 --timeline t.svg --write-seconds";
    let svg = draw(folder.path(), &format!("{line} 10 --read-seconds 8"), "t.svg");
    for name in [">compute<", ">tier 1<", ">write<", ">read<"] {
        assert!(svg.contains(name), "{name}");
    }
    let words = format!("schedule {line} 10 --read-seconds 8");
    let fast = json(folder.path(), &words.split(' ').collect::<Vec<_>>());
    // Transfers take less than the 12 steps of a block: nothing is waited for.
    assert_eq!(fast["timeline"]["waited_seconds"], 0.0);
    assert_eq!(fast["timeline"]["seconds"], fast["timeline"]["compute_seconds"]);
    assert_eq!(fast["timeline"]["busy_seconds"]["1"], 4.0 * 10.0 + 4.0 * 8.0);
    let words = format!("schedule {line} 10 --read-seconds 8 --queue 0");
    let waiting = json(folder.path(), &words.split(' ').collect::<Vec<_>>());
    assert_eq!(waiting["timeline"]["waited_seconds"], 72.0);
    // With h-revolve, every tier beyond the first has a lane.
    let line = "h-revolve --steps 40 --tiers 1:0:0,2:1:1,3:2:2 --timeline t.svg --write-seconds 2 \
                --read-seconds 1";
    let svg = draw(folder.path(), line, "t.svg");
    assert!(svg.contains(">tier 1<") && svg.contains(">tier 2<"));
}

#[test]
fn pictures_that_cannot_be_are_refused() {
    let folder = folder();
    let check = |line: &str, code: i32, parts: &[&str]| {
        let words: Vec<&str> = ["schedule"].into_iter().chain(line.split(' ')).collect();
        fail(folder.path(), &words, code, parts);
    };
    let revolve = "revolve --steps 9 --slots 2 --plot";
    check(&format!("{revolve} a.png"), 2, &["--plot a.png does not end in .svg"]);
    check(&format!("{revolve} gone/a.svg"), 1, &["gone/a.svg", "a folder that exists"]);
    check("revolve --steps 0 --slots 2 --plot a.svg", 1, &["draw one step at least"]);
    check("revolve --steps 9 --slots 2 --timeline a.svg", 2, &["unexpected argument '--timeline'"]);
    let multistage = "multistage --steps 9 --ram 1 --disk 1";
    check(&format!("{multistage} --timeline a.svg"), 2, &["--write-seconds", "--read-seconds"]);
    check(&format!("{multistage} --write-seconds 3"), 2, &["--timeline"]);
    let endless = "--timeline a.svg --write-seconds 1e308 --read-seconds 1e308";
    check(
        &format!("{multistage} {endless} --forward-seconds 1e308"),
        1,
        &["too large to be added"],
    );
}
