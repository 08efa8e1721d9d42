//! One self-contained page: numbers, tables, pictures and the text that they came from.
//!
//! The page refers to nothing outside itself, so that it can be mailed, archived and opened
//! anywhere; pictures are part of it. All content is escaped.

use std::fmt::Write;
use std::path::Path;

use crate::{Picture, PlotError, base64, file};

/// A page under construction.
///
/// ```
/// # use retrograd_plot::{Report, Section, Table, Tile};
/// let page = Report::new("marmousi").subtitle("60 iterations, 4 min 12 s").section(
///     Section::new("Result")
///         .tiles([Tile::new("Misfit", "2.1 %").note("of the start model")])
///         .table(Table::new(["Stage", "Misfit"]).row(["0–3 Hz", "0.31"])),
/// );
/// assert!(page.html()?.contains("0–3 Hz"));
/// # Ok::<(), retrograd_plot::PlotError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Report {
    title: String,
    subtitle: String,
    footer: String,
    sections: Vec<Section>,
}

/// A titled part of a report.
#[derive(Clone, Debug, Default)]
pub struct Section {
    title: String,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
enum Block {
    Paragraph(String),
    Tiles(Vec<Tile>),
    Table(Table),
    Figure { png: Vec<u8>, caption: String },
    Preformatted { caption: String, text: String },
}

/// A key number.
#[derive(Clone, Debug)]
pub struct Tile {
    label: String,
    value: String,
    note: String,
    tone: Tone,
}

/// Whether a number is good news.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
    /// Just a number.
    #[default]
    Neutral,
    /// A check that passed.
    Good,
    /// A check that failed.
    Bad,
}

/// A table; cells that read as numbers are aligned to the right.
#[derive(Clone, Debug)]
pub struct Table {
    caption: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Report {
    /// A page without sections.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// A line below the title.
    #[must_use]
    pub fn subtitle(self, subtitle: impl Into<String>) -> Self {
        Self { subtitle: subtitle.into(), ..self }
    }

    /// A line at the end: program, version, date.
    #[must_use]
    pub fn footer(self, footer: impl Into<String>) -> Self {
        Self { footer: footer.into(), ..self }
    }

    /// Adds a section.
    #[must_use]
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// The page as text.
    ///
    /// # Errors
    /// [`PlotError::LengthMismatch`] if a row of a table has not as many cells as its header.
    pub fn html(&self) -> Result<String, PlotError> {
        let mut page = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n");
        page.push_str("<meta charset=\"utf-8\">\n");
        page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        push_element(&mut page, "title", &self.title);
        page.push_str("<style>\n");
        page.push_str(include_str!("report.css"));
        page.push_str("</style>\n</head>\n<body>\n<main>\n<header>\n");
        push_element(&mut page, "h1", &self.title);
        if !self.subtitle.is_empty() {
            push_element(&mut page, "p", &self.subtitle);
        }
        if self.sections.len() > 1 {
            page.push_str("<nav>\n");
            for (k, section) in self.sections.iter().enumerate() {
                push(&mut page, format_args!("<a href=\"#s{k}\">{}</a>\n", escape(&section.title)));
            }
            page.push_str("</nav>\n");
        }
        page.push_str("</header>\n");
        for (k, section) in self.sections.iter().enumerate() {
            push(&mut page, format_args!("<section id=\"s{k}\">\n"));
            push_element(&mut page, "h2", &section.title);
            for block in &section.blocks {
                push_block(&mut page, block)?;
            }
            page.push_str("</section>\n");
        }
        if !self.footer.is_empty() {
            push_element(&mut page, "footer", &self.footer);
        }
        page.push_str("</main>\n</body>\n</html>\n");
        Ok(page)
    }

    /// Writes the page, which appears under its name complete or not at all.
    ///
    /// # Errors
    /// Those of [`Report::html`], and [`PlotError::Write`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        file::write_whole(path.as_ref(), self.html()?.as_bytes())
    }
}

impl Section {
    /// A section without content.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), blocks: Vec::new() }
    }

    fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Adds running text.
    #[must_use]
    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.with(Block::Paragraph(text.into()))
    }

    /// Adds a row of key numbers.
    #[must_use]
    pub fn tiles(self, tiles: impl IntoIterator<Item = Tile>) -> Self {
        self.with(Block::Tiles(tiles.into_iter().collect()))
    }

    /// Adds a table.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        self.with(Block::Table(table))
    }

    /// Adds a picture with its caption, which also describes it to those who cannot see it.
    ///
    /// # Errors
    /// [`PlotError::Encode`].
    pub fn figure(self, picture: &Picture, caption: impl Into<String>) -> Result<Self, PlotError> {
        Ok(self.figure_png(picture.png()?, caption))
    }

    /// Adds a picture given as the bytes of a PNG file.
    #[must_use]
    pub fn figure_png(self, png: Vec<u8>, caption: impl Into<String>) -> Self {
        self.with(Block::Figure { png, caption: caption.into() })
    }

    /// Adds text whose lines and spaces are kept: a job file, a plan, a log.
    #[must_use]
    pub fn preformatted(self, caption: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(Block::Preformatted { caption: caption.into(), text: text.into() })
    }
}

impl Tile {
    /// A number, with its unit, and what it is.
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        let (label, value) = (label.into(), value.into());
        Self { label, value, note: String::new(), tone: Tone::Neutral }
    }

    /// A small line below the number.
    #[must_use]
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Marks the number as good or bad news.
    #[must_use]
    pub fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

impl Table {
    /// A table without rows.
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        let header = header.into_iter().map(Into::into).collect();
        Self { caption: String::new(), header, rows: Vec::new() }
    }

    /// A line above the table.
    #[must_use]
    pub fn caption(self, caption: impl Into<String>) -> Self {
        Self { caption: caption.into(), ..self }
    }

    /// Adds a row of as many cells as the header has.
    #[must_use]
    pub fn row<S: Into<String>>(mut self, cells: impl IntoIterator<Item = S>) -> Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }

    /// Whether all cells of a column that say anything are numbers.
    fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|r| r.get(column)).filter(|c| !c.is_empty());
        let number = |cell: &String| {
            let digits = cell.trim_start_matches(['-', '−', '+', '<', '>', '≤', '≥', '≈', ' ']);
            digits.starts_with(|c: char| c.is_ascii_digit())
        };
        !self.rows.is_empty() && cells.all(number)
    }
}

fn push_block(page: &mut String, block: &Block) -> Result<(), PlotError> {
    match block {
        Block::Paragraph(text) => push_element(page, "p", text),
        Block::Tiles(tiles) => push_tiles(page, tiles),
        Block::Table(table) => push_table(page, table)?,
        Block::Figure { png, caption } => {
            let (data, text) = (base64::encode(png), escape(caption));
            let image = "<img src=\"data:image/png;base64,";
            push(page, format_args!("<figure>\n{image}{data}\" alt=\"{text}\">\n"));
            push_element(page, "figcaption", caption);
            page.push_str("</figure>\n");
        }
        Block::Preformatted { caption, text } => {
            if !caption.is_empty() {
                push(page, format_args!("<p class=\"caption\">{}</p>\n", escape(caption)));
            }
            push_element(page, "pre", text);
        }
    }
    Ok(())
}

fn push_tiles(page: &mut String, tiles: &[Tile]) {
    page.push_str("<div class=\"tiles\">\n");
    for tile in tiles {
        let class = match tile.tone {
            Tone::Neutral => "tile",
            Tone::Good => "tile good",
            Tone::Bad => "tile bad",
        };
        push(page, format_args!("<div class=\"{class}\">"));
        let parts = [("label", &tile.label), ("value", &tile.value), ("note", &tile.note)];
        for (class, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
            push(page, format_args!("<div class=\"{class}\">{}</div>", escape(text)));
        }
        page.push_str("</div>\n");
    }
    page.push_str("</div>\n");
}

fn push_table(page: &mut String, table: &Table) -> Result<(), PlotError> {
    for (k, row) in table.rows.iter().enumerate() {
        if row.len() != table.header.len() {
            return Err(PlotError::LengthMismatch {
                first: format!("row {k} of table `{}`", table.caption),
                first_len: row.len(),
                second: "its header".into(),
                second_len: table.header.len(),
            });
        }
    }
    page.push_str("<div class=\"scroll\">\n<table>\n");
    if !table.caption.is_empty() {
        push_element(page, "caption", &table.caption);
    }
    page.push_str("<thead>");
    push_row(page, "th", table, &table.header);
    page.push_str("</thead>\n<tbody>\n");
    for row in &table.rows {
        push_row(page, "td", table, row);
    }
    page.push_str("</tbody>\n</table>\n</div>\n");
    Ok(())
}

fn push_row(page: &mut String, tag: &str, table: &Table, cells: &[String]) {
    page.push_str("<tr>");
    for (k, cell) in cells.iter().enumerate() {
        let class = if table.is_numeric(k) { " class=\"number\"" } else { "" };
        push(page, format_args!("<{tag}{class}>{}</{tag}>", escape(cell)));
    }
    page.push_str("</tr>\n");
}

fn push_element(page: &mut String, tag: &str, text: &str) {
    push(page, format_args!("<{tag}>{}</{tag}>\n", escape(text)));
}

fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("writing to a string should not fail");
}

/// Makes text safe inside elements and inside quoted attributes.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Not allowed in HTML text; a log may contain terminal escapes.
            c if c.is_control() && !matches!(c, '\n' | '\t') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
