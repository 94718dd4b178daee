#pragma once

// What docs/configuration.md says of each key, in its tables: those whose first column is headed "Key", for the top of
// the file, or "Key of `[[listeners]]`". The executable carries the page, so that the two are of one version.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seki::config {

struct DescribedKey {
    std::string table;  // the key under which it stands: "listeners"; empty at the top of the file
    std::string key;
    std::vector<std::pair<std::string, std::string>> cells;  // heading and text of the other columns; without links

    // Empty where there is no such column.
    [[nodiscard]] std::string_view cell(std::string_view heading) const;
};

// `page` is Markdown.
std::vector<DescribedKey> described_keys(std::string_view page);

// The page.
extern const std::string_view configuration_page;

}  // namespace seki::config
