#include "config/schema/described_keys.h"

#include <algorithm>
#include <cstddef>

namespace seki::config {
namespace {

constexpr size_t npos = std::string_view::npos;

std::string_view trimmed(std::string_view text) {
    const size_t begin = text.find_first_not_of(' ');
    return begin == npos ? std::string_view() : text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

std::vector<std::string_view> cells_of(std::string_view row) {
    std::vector<std::string_view> cells;
    row.remove_prefix(1);
    for (size_t bar = row.find('|'); bar != npos; bar = row.find('|')) {
        cells.push_back(trimmed(row.substr(0, bar)));
        row.remove_prefix(bar + 1);
    }
    return cells;
}

// What stands between grave accents.
std::vector<std::string_view> quoted(std::string_view text) {
    std::vector<std::string_view> found;
    for (size_t begin = text.find('`'); begin != npos; begin = text.find('`')) {
        const size_t end = std::min(text.find('`', begin + 1), text.size());
        found.push_back(text.substr(begin + 1, end - begin - 1));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return found;
}

// "[[listeners]]" and "[clusters.ID]" as their key.
std::string_view table_name(std::string_view header) {
    const size_t begin = header.find_first_not_of('[');
    return header.substr(begin, header.find_first_of(".]", begin) - begin);
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (size_t at = text.find(what); at != npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

// "[Answers](#answers)" as "Answers": where it is shown there is no page to go to.
std::string without_links(std::string_view text) {
    std::string plain(text);
    for (size_t middle = plain.find("]("); middle != npos; middle = plain.find("](")) {
        const size_t begin = plain.rfind('[', middle);
        const size_t end = plain.find(')', middle);
        if (begin == npos || end == npos) break;
        plain = plain.substr(0, begin) + plain.substr(begin + 1, middle - begin - 1) + plain.substr(end + 1);
    }
    replace_all(plain, "**–**", "(not available yet)");
    return plain;
}

struct Heading {
    std::vector<std::string_view> tables;  // that the keys belong to
    std::vector<std::string_view> columns;
};

Heading heading_of(const std::vector<std::string_view>& cells) {
    Heading heading{.tables = {}, .columns = cells};
    if (cells.front() == "Key") heading.tables.emplace_back();
    if (!cells.front().starts_with("Key of ")) return heading;
    for (const std::string_view name : quoted(cells.front())) heading.tables.push_back(table_name(name));
    return heading;
}

void add_row(const Heading& heading, const std::vector<std::string_view>& cells, std::vector<DescribedKey>& keys) {
    for (const std::string_view table : heading.tables) {
        for (const std::string_view key : quoted(cells.front())) {
            DescribedKey& added = keys.emplace_back(std::string(table), std::string(key));
            for (size_t i = 1; i < std::min(cells.size(), heading.columns.size()); ++i)
                added.cells.emplace_back(heading.columns[i], without_links(cells[i]));
        }
    }
}

}  // namespace

std::string_view DescribedKey::cell(std::string_view heading) const {
    const auto found = std::ranges::find(cells, heading, &std::pair<std::string, std::string>::first);
    return found == cells.end() ? std::string_view() : found->second;
}

std::vector<DescribedKey> described_keys(std::string_view page) {
    std::vector<DescribedKey> keys;
    Heading heading;
    bool in_table = false;
    while (!page.empty()) {
        const size_t end = std::min(page.find('\n'), page.size());
        const std::string_view line = page.substr(0, end);
        page.remove_prefix(std::min(end + 1, page.size()));
        const bool is_row = line.starts_with("| ");
        if (is_row && !in_table) {
            heading = heading_of(cells_of(line));
        } else if (is_row) {
            add_row(heading, cells_of(line), keys);
        }
        in_table = line.starts_with('|');
    }
    return keys;
}

}  // namespace seki::config
