use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_opener::OpenerExt;

const WINDOW: &str = "main";

/// Runs the app until its window is closed.
pub fn run() {
    let built = tauri::Builder::default()
        // First of all plugins: a second start ends here, and shows the window of the first.
        .plugin(tauri_plugin_single_instance::init(|app, _, _| show(app)))
        .plugin(tauri_plugin_window_state::Builder::default().build())
        // Its script in the page would take links to new windows before `on_new_window`, by a command that the page
        // may not call.
        .plugin(
            tauri_plugin_opener::Builder::new()
                .open_js_links_on_click(false)
                .build(),
        )
        .setup(|app| {
            open_window(app.handle())?;
            Ok(())
        })
        .run(tauri::generate_context!());
    if let Err(error) = built {
        eprintln!("Nebula could not start: {error}");
        std::process::exit(1);
    }
}

/// The page in a window that shows nothing else: what leads away from it goes to the system's browser.
fn open_window(app: &AppHandle) -> tauri::Result<()> {
    let (navigating, opening) = (app.clone(), app.clone());
    WebviewWindowBuilder::new(app, WINDOW, WebviewUrl::default())
        .title("Nebula")
        .inner_size(1200.0, 800.0)
        .min_inner_size(360.0, 480.0)
        .on_navigation(move |url| {
            let stays = is_page(&navigating, url);
            if !stays {
                open_outside(&navigating, url);
            }
            stays
        })
        .on_new_window(move |url, _| {
            open_outside(&opening, &url);
            NewWindowResponse::Deny
        })
        .build()?;
    Ok(())
}

/// Whether a URL is the page itself: the files that were built in, or the dev server's.
fn is_page(app: &AppHandle, url: &Url) -> bool {
    let is_built_in = url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost");
    let is_served = cfg!(debug_assertions)
        && app
            .config()
            .build
            .dev_url
            .as_ref()
            .is_some_and(|dev| dev.origin() == url.origin());
    is_built_in || is_served
}

/// Only web pages: a page must not start other programs by their URL schemes.
fn open_outside(app: &AppHandle, url: &Url) {
    if !matches!(url.scheme(), "http" | "https") {
        return;
    }
    if let Err(error) = app.opener().open_url(url.as_str(), None::<&str>) {
        eprintln!("{url} could not be opened: {error}");
    }
}

fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(WINDOW) {
        // A window manager that refuses is no reason to fail.
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}
