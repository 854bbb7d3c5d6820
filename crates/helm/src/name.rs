//! Names of releases that a template makes up.

use gotemplate::{Functions, Host, Renderer, TemplateSet, Value};

/// The name that the template of `--name-template` gives. Templates have Sprig's functions here, and no values.
///
/// # Errors
/// Why the text is no template, or why it gives no name.
pub fn name_from_template(template: &str, host: &dyn Host) -> Result<String, String> {
    const NAME: &str = "name-template";
    let parsed = gotemplate::parse(NAME, template.as_bytes(), Functions::Sprig).map_err(|error| error.to_string())?;
    let mut set = TemplateSet::new(Functions::Sprig);
    set.add(&parsed);
    let mut renderer = Renderer::new(&set, host, gotemplate::Options::default());
    let name = renderer.render(NAME, &Value::None).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use gotemplate::NoHost;

    use super::name_from_template;

    #[test]
    fn a_template_gives_the_name() {
        assert_eq!(name_from_template("{{ \"Web\" | lower }}-1", &NoHost).as_deref(), Ok("web-1"));
        assert!(name_from_template("{{", &NoHost).is_err());
    }
}
