//! The page: complete in itself, and safe whatever it is made of.

use retrograd_plot::{Array2, Heatmap, PlotError, Report, Section, Table, Tile, Tone};

const NASTY: &str = "<script>alert('x')</script> & \"quoted\"";
const SAFE: &str = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quoted&quot;";

#[test]
fn all_content_is_escaped() {
    let section = Section::new(NASTY)
        .paragraph(NASTY)
        .tiles([Tile::new(NASTY, NASTY).note(NASTY).tone(Tone::Bad)])
        .table(Table::new([NASTY]).caption(NASTY).row([NASTY]))
        .figure_png(vec![1, 2, 3], NASTY)
        .preformatted(NASTY, NASTY);
    let report = Report::new(NASTY).subtitle(NASTY).footer(NASTY);
    let page = report.section(section).section(Section::new(NASTY)).html().expect("page");
    assert!(!page.contains("<script") && !page.contains("alert('"));
    // Title twice, subtitle, footer, 2 links, 2 headings; paragraph; tile 3; table 3; figure 2;
    // text 2.
    assert_eq!(page.matches(SAFE).count(), 8 + 1 + 3 + 3 + 2 + 2);
}

#[test]
fn nothing_outside_the_page_is_needed() {
    let data = Array2::new(&[1.0, 2.0], [2, 1]).expect("shape");
    let picture = Heatmap::model("m", data).draw().expect("draw");
    let section = Section::new("s").figure(&picture, "c").expect("figure");
    let page = Report::new("t").section(section).html().expect("page");
    for reference in ["http:", "https:", "url(", "@import", "<link", "<script", "file:"] {
        assert!(!page.contains(reference), "{reference}");
    }
    assert_eq!(page.matches("src=").count(), 1);
    assert!(page.contains("src=\"data:image/png;base64,iVBORw0KGgo"));
}

#[test]
fn lines_and_spaces_of_preformatted_text_are_kept() {
    let page = Report::new("t").section(Section::new("s").preformatted("", "a\n  b\tc\u{1b}[0m"));
    assert!(page.html().expect("page").contains("<pre>a\n  b\tc\u{fffd}[0m</pre>"));
}

#[test]
fn columns_of_numbers_are_right_aligned() {
    let table = Table::new(["name", "value"]).row(["a", "−1.5"]).row(["b", "≤ 2 s"]);
    let page = Report::new("t").section(Section::new("s").table(table)).html().expect("page");
    assert!(page.contains("<td>a</td><td class=\"number\">−1.5</td>"));
}

#[test]
fn ragged_tables_are_refused() {
    let table = Table::new(["a", "b"]).caption("stages").row(["1"]);
    let refused = Report::new("t").section(Section::new("s").table(table)).html();
    let refused = refused.expect_err("one cell is missing");
    assert!(matches!(refused, PlotError::LengthMismatch { first_len: 1, second_len: 2, .. }));
    assert!(refused.to_string().contains("stages"));
}

#[test]
fn the_file_is_the_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.html");
    let report = Report::new("t");
    report.save(&path).expect("save");
    let written = std::fs::read_to_string(&path).expect("read");
    assert_eq!(written, report.html().expect("page"));
}
