//! What was measured, as a table in Markdown.

#[derive(Default)]
pub struct Table(Vec<[String; 5]>);

/// The one in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Table {
    /// Two rates measured in turns: their medians, and the median of the rounds' ratios.
    pub fn pair(&mut self, what: &str, pairs: &[(f64, f64)], target: Option<f64>) {
        let of = |pick: fn(&(f64, f64)) -> f64| median(&pairs.iter().map(pick).collect::<Vec<_>>());
        let target = target.map_or_else(String::new, |target| format!("{target:.2}"));
        let [ours, theirs, ratio] = [of(|pair| pair.0), of(|pair| pair.1), of(|pair| pair.0 / pair.1)];
        self.add([what.to_owned(), format!("{ours:.0}/s"), format!("{theirs:.0}/s"), format!("{ratio:.2}"), target]);
    }

    /// A figure that stands alone.
    pub fn alone(&mut self, what: &str, value: f64, unit: &str, target: &str) {
        self.add([what.to_owned(), format!("{value:.2} {unit}"), String::new(), String::new(), target.to_owned()]);
    }

    fn add(&mut self, row: [String; 5]) {
        eprintln!("{}", row.join("  "));
        self.0.push(row);
    }

    pub fn print(&self) {
        println!("| what | reached | beside | ratio | target |\n| --- | ---: | ---: | ---: | ---: |");
        for row in &self.0 {
            println!("| {} |", row.join(" | "));
        }
    }
}
