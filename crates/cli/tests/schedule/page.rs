//! `docs/schedules.md`: its commands run, and print and draw what stands there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{folder, json, succeed};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// The contents of code blocks in a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let starts = page.match_indices(&fence).map(|(at, _)| &page[at + fence.len()..]);
    starts.map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn the_page_is_what_the_commands_print_and_draw() {
    let page = fs::read_to_string(docs().join("schedules.md")).expect("the page");
    let folder = folder();
    fs::create_dir_all(folder.path().join("docs/pictures")).expect("a folder");
    let mut printed = Vec::new();
    for line in blocks(&page, "sh").iter().flat_map(|block| block.lines()) {
        let command = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        assert_eq!(words[0], "schedule", "{line}");
        printed.push(succeed(folder.path(), &words));
    }
    let texts = blocks(&page, "text");
    assert_eq!(texts.len(), 2);
    for text in texts {
        assert!(printed.iter().any(|printed| printed == text), "nothing prints {text}");
    }
    let mut pictures = 0;
    for file in fs::read_dir(docs().join("pictures")).expect("pictures") {
        let file = file.expect("a file");
        let kept = fs::read_to_string(file.path()).expect("a picture");
        let drawn = folder.path().join("docs/pictures").join(file.file_name());
        let drawn = fs::read_to_string(&drawn).unwrap_or_else(|_| panic!("nothing draws {file:?}"));
        assert_eq!(kept, drawn, "{file:?} should be drawn anew: see the page");
        assert!(page.contains(&format!("](pictures/{})", file.file_name().display())));
        pictures += 1;
    }
    assert_eq!(pictures, 6);
}

#[test]
fn the_chain_of_the_page_is_a_chain() {
    let page = fs::read_to_string(docs().join("schedules.md")).expect("the page");
    let folder = folder();
    fs::write(folder.path().join("chain.json"), blocks(&page, "json")[0]).expect("a file");
    let line = ["schedule", "chain", "--file", "chain.json", "--budget", "20"];
    assert_eq!(json(folder.path(), &line)["makespan"], 47.0);
}

#[test]
fn the_steps_of_the_page_are_steps() {
    let page = fs::read_to_string(docs().join("schedules.md")).expect("the page");
    let folder = folder();
    fs::write(folder.path().join("uneven.json"), blocks(&page, "json")[1]).expect("a file");
    let line = ["schedule", "uneven", "--file", "uneven.json", "--budget", "14"];
    let found = json(folder.path(), &line);
    // All reverse steps; up to x_3, which is stored, and on to x_5; from x_3 to x_4; to x_1 and x_2.
    assert_eq!(found["makespan"], 28.0 + (11.0 + 2.0) + 1.0 + (1.0 + 1.0));
    assert_eq!(found["peak_units"]["0"], 14);
}
