#include "ctl/convert_file.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "ctl/json.h"
#include "ctl/terminal_text.h"
#include "ctl/text_file.h"

namespace seki::ctl {
namespace {

using convert::Remark;
using convert::RemarkKind;

size_t count(const convert::Converted& converted, RemarkKind kind) {
    return static_cast<size_t>(std::ranges::count(converted.remarks, kind, &Remark::kind));
}

size_t remarks_of(const convert::Converted& converted) {
    return converted.remarks.size() - count(converted, RemarkKind::not_needed);
}

std::string_view name_of(RemarkKind kind) {
    switch (kind) {
        case RemarkKind::lost:
            return "not converted";
        case RemarkKind::different:
            return "different";
        case RemarkKind::not_needed:
            break;
    }
    return "not needed";
}

std::string line_of(const Remark& remark) {
    const std::string place =
        remark.origin.line == 0 ? std::string() : fmt::format("{}:{}: ", remark.origin.file, remark.origin.line);
    return fmt::format("{} {}{}: {}\n    {}\n", remark.kind == RemarkKind::lost ? "warning:" : "note:", place,
                       name_of(remark.kind), remark.reason, remark.origin.text);
}

}  // namespace

Result<convert::Converted> convert_file(const ConvertFile& file) {
    auto converted = convert::convert(file.format, file.path);
    if (!converted || file.output.empty()) return converted;
    if (auto written = write_text_file(file.output, converted->text, file.force); !written)
        return std::unexpected(written.error());
    return converted;
}

Told told_text(const convert::Converted& converted, bool verbose) {
    std::string text;
    for (const Remark& remark : converted.remarks) {
        if (verbose || remark.kind != RemarkKind::not_needed) text += line_of(remark);
    }
    text +=
        fmt::format("{} not converted, {} different; {} need no counterpart{}\n", count(converted, RemarkKind::lost),
                    count(converted, RemarkKind::different), count(converted, RemarkKind::not_needed),
                    verbose || count(converted, RemarkKind::not_needed) == 0 ? "" : " (--verbose shows them)");
    return {std::move(text), remarks_of(converted)};
}

Told told_json(const convert::Converted& converted) {
    Json list = Json::array();
    for (const Remark& remark : converted.remarks) {
        Json& entry = list.emplace_back();
        entry["kind"] = name_of(remark.kind);
        entry["file"] = remark.origin.file.empty() ? Json() : Json(printable(remark.origin.file));
        entry["line"] = remark.origin.line > 0 ? Json(remark.origin.line) : Json();
        entry["text"] = printable(remark.origin.text);
        entry["reason"] = printable(remark.reason);
    }
    return {json_text(list, json_indent) + "\n", remarks_of(converted)};
}

}  // namespace seki::ctl
