#pragma once

// Reads a text as a configuration file and shows what came out of it.

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "config/convert.h"
#include "config/toml/file.h"

namespace seki::config {

// Names are not looked up in tests: hosts called "two…" have two addresses, and no other has any.
inline Result<std::vector<IpAddress>> test_addresses(const std::string& host) {
    if (!host.starts_with("two")) return failure("nobody knows it");
    return std::vector{IpAddress::v4(0x0A000002), IpAddress::v4(0x0A000001), IpAddress::v4(0x0A000002)};
}

inline FileConfig accepted(std::string_view text, const ReadFile& read_file = read_file_text) {
    FileResult result = parse(text, "dir/seki.toml", read_file, test_addresses);
    if (result) return std::move(*result);
    ADD_FAILURE() << config::text(result.error());
    return {};
}

inline std::vector<std::string> lines(const std::vector<Diagnostic>& diagnostics) {
    std::vector<std::string> lines;
    for (const Diagnostic& diagnostic : diagnostics) lines.push_back(diagnostic.text());
    return lines;
}

inline std::vector<std::string> errors(std::string_view text, const ReadFile& read_file = read_file_text) {
    const FileResult result = parse(text, "s.toml", read_file, test_addresses);
    if (result) return {};
    std::vector<Diagnostic> errors = result.error();
    std::erase_if(errors, [](const Diagnostic& diagnostic) { return diagnostic.severity != Severity::error; });
    return lines(errors);
}

// Those about a place; pieces of files serve nobody, and are told so as a whole.
inline std::vector<std::string> warnings(FileConfig config) {
    std::erase_if(config.warnings, [](const Diagnostic& diagnostic) { return diagnostic.line == 0; });
    return lines(config.warnings);
}

inline std::vector<std::string> warnings(std::string_view text) { return warnings(accepted(text)); }

inline std::vector<std::string> verbs(const FileConfig& config) {
    std::vector<std::string> verbs;
    for (const auto& change : config.changes) verbs.push_back(verb_name(*change));
    return verbs;
}

}  // namespace seki::config
