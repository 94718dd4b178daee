#include <algorithm>
#include <array>

#include "config/answer_status.h"
#include "config/check/captures.h"
#include "config/check/rules.h"
#include "config/limits.h"
#include "config/text.h"
#include "http/message.h"
#include "routing/rewrite.h"

namespace seki::config {
namespace {

using command::Header;
using command::RequestHttpFrontend;
using http::FieldId;
using routing::RewritePart;

using WhyNot = std::string_view (*)(std::string_view literal);

void check_part(Examiner& examine, std::string_view field, const RewritePart& part, const Captures& captures,
                WhyNot why_no_literal) {
    if (part.kind == RewritePart::Kind::literal) {
        const std::string_view why = why_no_literal(part.literal);
        if (!why.empty()) examine.refuse(field, "'{}': {}", part.literal, why);
        return;
    }
    const bool of_host = part.kind == RewritePart::Kind::host;
    const size_t largest = of_host ? captures.host : captures.path;
    if (part.index > largest) {
        examine.refuse(field, "${}[{}] is beyond {}, the largest number that this rule has", of_host ? "HOST" : "PATH",
                       part.index, largest);
    }
}

void check_rewrite(Examiner& examine, std::string_view field, std::string_view text, const Captures& captures,
                   WhyNot why_no_literal) {
    if (text.empty()) return examine.refuse(field, "it must not be empty");
    if (text.size() > max_rewrite_size) return examine.refuse(field, "it is longer than {} bytes", max_rewrite_size);
    const auto parts = routing::rewrite_parts(text);
    if (!parts) return examine.refuse(field, "{}", parts.error().message);
    for (const RewritePart& part : *parts) check_part(examine, field, part, captures, why_no_literal);
}

// RFC 3986 §3.2.2: reg-name, without percent-encoding.
std::string_view why_no_part_of_host(std::string_view literal) {
    const auto allowed = [](char c) { return is_alphanumeric(c) || std::string_view("-._~!$&'()*+,;=").contains(c); };
    if (literal.contains(':')) return "a host has no ':'; the port is rewrite_port's";
    return std::ranges::all_of(literal, allowed) ? "" : "a host has no such characters";
}

// RFC 9112 §3.2.1: origin-form.
std::string_view why_no_part_of_path(std::string_view literal) {
    const auto allowed = [](char c) { return c > ' ' && c <= '~' && c != '#'; };
    return std::ranges::all_of(literal, allowed) ? "" : "no path has spaces, '#' or characters beyond ASCII";
}

void check_beginning(Examiner& examine, std::string_view path) {
    const auto parts = routing::rewrite_parts(path);
    if (!parts || parts->empty() || parts->front().kind != RewritePart::Kind::literal) return;
    if (!path.starts_with('/')) examine.refuse("rewrite_path", "'{}' does not begin with '/'", path);
}

// What says how a message is transferred is not the operator's to say.
constexpr std::array transfer_fields{
    FieldId::connection, FieldId::content_length, FieldId::keep_alive,        FieldId::proxy_connection,
    FieldId::te,         FieldId::trailer,        FieldId::transfer_encoding, FieldId::upgrade,
};

void check_host_edit(Examiner& examine, const Header& header) {
    if (header.position() != command::REQUEST) return examine.refuse("headers", "responses have no Host");
    if (header.val().empty()) return examine.refuse("headers", "every request needs its Host");
    const auto allowed = [](char c) { return c > ' ' && c <= '~' && !std::string_view("/?#@\\,\"<>").contains(c); };
    if (!std::ranges::all_of(header.val(), allowed)) examine.refuse("headers", "'{}' is no Host", header.val());
}

void check_header(Examiner& examine, const Header& header) {
    examine.token("headers", header.key(), max_header_name_size);
    if (header.position() == command::HEADER_POSITION_UNSPECIFIED) {
        examine.refuse("headers", "'{}': the position must be REQUEST, RESPONSE or BOTH", header.key());
    }
    if (header.val().size() > max_header_value_size) {
        examine.refuse("headers", "'{}': the value is longer than {} bytes", header.key(), max_header_value_size);
    }
    if (!is_field_value(header.val())) {
        examine.refuse("headers", "'{}': the value has a control character, or a blank at its beginning or end",
                       header.key());
    }
    if (header.mode() == command::REPLACE && header.val().empty()) {
        examine.refuse("headers", "'{}': there is nothing to replace it with; to delete it, leave REPLACE out",
                       header.key());
    }
    const FieldId id = http::field_id(header.key());
    if (std::ranges::find(transfer_fields, id) != transfer_fields.end()) {
        examine.refuse("headers", "'{}': it says how the message is transferred, which Seki decides", header.key());
    }
    if (id == FieldId::host) check_host_edit(examine, header);
}

}  // namespace

void check_redirect(Examiner& examine, const RequestHttpFrontend& frontend) {
    if (!frontend.has_redirect_template()) return;
    if (frontend.redirect() == command::SILENT_CLOSE)
        return examine.refuse("redirect_template", "it excludes silent_close, which answers nothing");
    if (frontend.redirect_template().empty()) return examine.refuse("redirect_template", "it must not be empty");
    examine.answer("redirect_template", frontend.redirect_template(), redirect_status(frontend.redirect()));
}

void check_rewrites(Examiner& examine, const RequestHttpFrontend& frontend, const Captures& captures) {
    if (frontend.has_rewrite_host()) {
        check_rewrite(examine, "rewrite_host", frontend.rewrite_host(), captures, why_no_part_of_host);
    }
    if (frontend.has_rewrite_path()) {
        check_rewrite(examine, "rewrite_path", frontend.rewrite_path(), captures, why_no_part_of_path);
        check_beginning(examine, frontend.rewrite_path());
    }
    if (frontend.has_rewrite_port()) examine.number("rewrite_port", frontend.rewrite_port(), 1, max_port);
}

void check_header_edits(Examiner& examine, const RequestHttpFrontend& frontend) {
    const auto count = static_cast<size_t>(frontend.headers_size());
    if (count > max_header_edits)
        return examine.refuse("headers", "{} edits are more than {}", count, max_header_edits);
    size_t size = 0;
    for (const Header& header : frontend.headers()) {
        check_header(examine, header);
        size += header.key().size() + header.val().size();
    }
    if (size > max_header_edits_size) {
        examine.refuse("headers", "all edits together are longer than {} bytes", max_header_edits_size);
    }
}

}  // namespace seki::config
