#pragma once

// Converts texts that stand in tests, as if they were files.

#include <gtest/gtest.h>
#include <map>
#include <string>

#include "convert/convert.h"

namespace seki::convert {

using Texts = std::map<std::string, std::string>;  // by path

// Only these exist.
inline Files files_of(const Texts& texts) {
    return {.read = [texts](const std::string& path, size_t) -> Result<std::string> {
                const auto found = texts.find(path);
                if (found == texts.end()) return failure("no such file");
                return found->second;
            },
            .matching =
                [texts](const std::string& pattern) {
                    std::vector<std::string> found;
                    const std::string begin = pattern.substr(0, pattern.find('*'));
                    for (const auto& [path, text] : texts) {
                        if (path.starts_with(begin)) found.push_back(path);
                    }
                    return found;
                }};
}

inline Result<Converted> converted(Format format, const std::string& text, Texts others = {}) {
    others["/f"] = text;
    return convert(format, "/f", files_of(others));
}

inline std::string nginx_text(const std::string& text, Texts others = {}) {
    const auto result = converted(Format::nginx, text, std::move(others));
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? result->text : std::string();
}

inline std::string haproxy_text(const std::string& text, Texts others = {}) {
    const auto result = converted(Format::haproxy, text, std::move(others));
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? result->text : std::string();
}

// What is said of a line; empty: nothing.
inline std::string said_of(Format format, const std::string& text, uint32_t line) {
    const auto result = converted(format, text);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    std::string said;
    if (!result) return said;
    for (const Remark& remark : result->remarks) {
        if (remark.origin.line == line) said += remark.reason + "\n";
    }
    return said;
}

inline std::string error_of(Format format, const std::string& text) {
    const auto result = converted(format, text);
    return result ? "" : result.error().message;
}

}  // namespace seki::convert
