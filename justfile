# The commands of this repository. Without `just`, every one of them is `npm run <command> -- <arguments>`.

# Arguments reach the command as they were typed, spaces included.
set positional-arguments

nebula := "node " + quote(justfile_directory() / "scripts/bootstrap/run.mjs")

[private]
default:
    @just --list --unsorted

# Start the stack, wait until it works, and say where to open what
[group('stack')]
[no-exit-message]
up *args:
    @{{ nebula }} up "$@"

# Stop the stack; its data stays
[group('stack')]
[no-exit-message]
down *args:
    @{{ nebula }} down "$@"

# Delete the stack with all its data, and start it again from nothing
[group('stack')]
[no-exit-message]
reset *args:
    @{{ nebula }} reset "$@"

# What every service is doing
[group('stack')]
[no-exit-message]
status *args:
    @{{ nebula }} status "$@"

# What this machine lacks, and how to get it
[group('stack')]
[no-exit-message]
doctor *args:
    @{{ nebula }} doctor "$@"

# Prove that the stack works: every check, then one real run through all of it
[group('stack')]
[no-exit-message]
verify *args:
    @{{ nebula }} verify "$@"

# What services said: just logs nebula-worker --follow
[group('stack')]
[no-exit-message]
logs *args:
    @{{ nebula }} logs "$@"

# Deploy packages/convex to the stack's backend, as up and every change do
[group('stack')]
[no-exit-message]
deploy-functions *args:
    @{{ nebula }} deploy-functions "$@"

# Give the stack new secrets; its data stays, the old secrets end
[group('stack')]
[no-exit-message]
rotate-secrets *args:
    @{{ nebula }} rotate-secrets "$@"

# Types of everything, style, and code that nothing uses
[group('code')]
[no-exit-message]
check *args:
    @{{ nebula }} check "$@"

# Check the style: formatting, imports, likely mistakes
[group('code')]
[no-exit-message]
lint *args:
    @{{ nebula }} lint "$@"

# Run the tests of every tier that this machine can run
[group('code')]
[no-exit-message]
test *args:
    @{{ nebula }} test "$@"

# Prove the stack on the published images, from nothing
[group('code')]
[no-exit-message]
real *args:
    @{{ nebula }} real "$@"

# Build every package that has something to build
[group('code')]
[no-exit-message]
build *args:
    @{{ nebula }} build "$@"

# Open the desktop app as a native window
[group('code')]
[no-exit-message]
desktop *args:
    @{{ nebula }} desktop "$@"

# Build the desktop app as a native program
[group('code')]
[no-exit-message]
desktop-build *args:
    @{{ nebula }} desktop-build "$@"

# Check the native part of the desktop app with Rust's compiler
[group('code')]
[no-exit-message]
desktop-check *args:
    @{{ nebula }} desktop-check "$@"

# Measure the running stack, as ratios to a start of Node.js
[group('code')]
[no-exit-message]
bench *args:
    @{{ nebula }} bench "$@"
