# SPDX-License-Identifier: MIT
#
#	sandbox -p cargo-fetch cargo fetch
#	sandbox -p cargo-fetch cargo vendor
#
# What cargo fetches lies in target/cargo of the project, and not in ~/.cargo, which all projects of the caller believe:
# cargo does not check again what it has unpacked there, and a project can have cargo run a program of its own (rustc,
# rustc-wrapper and credential-provider of .cargo/config.toml). Later builds find it by CARGO_HOME=target/cargo; `cargo
# vendor` makes a directory that needs no such variable. Both are relative: start it at the top of the project.
# Where config.toml replaces crates.io, `cargo vendor` takes no notice but with --respect-source-config.
#
# cargo keeps its tokens in ~/.cargo/credentials.toml, which is not in view; it reads the registries in config.toml. A
# .cargo/config.toml of the project is seen by cargo and not believed by @cargo: hosts that it names need --allow HOST,
# as do dependencies from git.
[Profile]
Description=Fetch the crates of a Rust project: cargo's registries, and no other host
Inherit=build

[Filesystem]
# The toolchain, where rustup has made it.
ReadOnlyPaths=-~/.rustup -~/.cargo/bin
ReadOnlyPaths=-~/.cargo/config.toml -~/.cargo/config

[Network]
Mode=private
AllowHosts=@cargo

[Environment]
PassEnvironment=RUSTUP_HOME RUSTUP_TOOLCHAIN RUSTFLAGS SSL_CERT_FILE SSL_CERT_DIR
# No CARGO_*: tokens are CARGO_REGISTRY_TOKEN and CARGO_REGISTRIES_NAME_TOKEN, and CARGO_HTTP_PROXY can have a password.
PassEnvironment=CARGO_BUILD_* CARGO_NET_* CARGO_PROFILE_* CARGO_TERM_* CARGO_INCREMENTAL CARGO_HTTP_CAINFO CARGO_HTTP_TIMEOUT
Environment=CARGO_HOME=target/cargo
