#include <fmt/format.h>
#include <vector>

#include "ctl/json.h"
#include "ctl/show/show.h"
#include "ctl/table.h"
#include "ctl/terminal_text.h"

namespace seki::ctl {
namespace {

std::string value_text(const Json& value) { return value.is_string() ? value.get<std::string>() : json_text(value); }

std::string show_list(const Json& messages) {
    std::vector<std::string> header;
    for (const auto& [name, value] : messages.front().items()) header.push_back(name);
    Table table(header);
    for (const Json& message : messages) {
        std::vector<std::string> cells;
        for (const auto& [name, value] : message.items()) cells.push_back(value.is_null() ? "" : value_text(value));
        table.row(std::move(cells));
    }
    return table.text();
}

std::string show_object(const Json& object) {
    std::string out;
    for (const auto& [name, value] : object.items()) {
        if (value.is_object()) {
            out += section(name, show_object(value));
        } else if (value.is_array() && !value.empty() && value.front().is_object()) {
            out += section(name, show_list(value));
        } else if (!value.is_null()) {
            out += fmt::format("{}: {}\n", name, printable(value_text(value)));
        }
    }
    return out;
}

}  // namespace

std::string show_fields(const google::protobuf::Message& message) {
    return show_object(to_json(message, Spelling::plain));
}

}  // namespace seki::ctl
