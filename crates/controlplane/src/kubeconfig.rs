//! The file by which kubectl finds the plane.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::pki::Pki;

/// Name of cluster, user and context.
const NAME: &str = "setpoint";

/// A kubeconfig for the administrator.
pub(crate) fn admin(pki: &Pki, server_url: &str) -> String {
    let encoded = |text: &str| STANDARD.encode(text);
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: {NAME}\n  cluster:\n    server: {server_url}\n    certificate-authority-data: {}\nusers:\n- name: {NAME}\n  user:\n    client-certificate-data: {}\n    client-key-data: {}\ncontexts:\n- name: {NAME}\n  context:\n    cluster: {NAME}\n    user: {NAME}\ncurrent-context: {NAME}\n",
        encoded(pki.authority()),
        encoded(pki.admin_certificate()),
        encoded(pki.admin_key()),
    )
}
