#include "config/check/examiner.h"

#include <google/protobuf/unknown_field_set.h>

#include "base/network.h"
#include "config/answer_status.h"
#include "config/convert.h"
#include "config/limits.h"
#include "config/text.h"
#include "http/answer_template.h"
#include "routing/host_pattern.h"
#include "routing/regex.h"

namespace seki::config {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void Examiner::wants(std::string_view field, bool asked, Feature feature) {
    if (!asked) return;
    const std::string_view why = why_unavailable(feature);
    if (!why.empty()) refuse(field, "{}", why);
}

void Examiner::id(std::string_view field, std::string_view value, size_t max_size) {
    if (value.empty()) return refuse(field, "it must not be empty");
    if (value.size() > max_size) return refuse(field, "it is longer than {} bytes", max_size);
    if (has_control(value)) return refuse(field, "it has a control character");
}

void Examiner::number(std::string_view field, uint64_t value, uint64_t min, uint64_t max, std::string_view unit) {
    if (value < min || value > max) refuse(field, "{}{} is not within {} and {}{}", value, unit, min, max, unit);
}

void Examiner::timeout(std::string_view field, uint64_t seconds) {
    number(field, seconds, min_timeout_s, max_timeout_s, " s");
}

void Examiner::token(std::string_view field, std::string_view value, size_t max_size) {
    if (value.size() > max_size) return refuse(field, "it is longer than {} bytes", max_size);
    if (!is_token(value)) refuse(field, "'{}' is no token (letters, digits and !#$%&'*+-.^_`|~)", value);
}

void Examiner::tags(std::string_view field, const Texts& tags) {
    if (tags.size() > max_tags) refuse(field, "{} tags are more than {}", tags.size(), max_tags);
    for (const auto& [key, value] : tags) {
        if (key.empty() || key.size() > max_tag_key_size) {
            refuse(field, "the key of a tag must have 1 to {} bytes", max_tag_key_size);
        }
        if (value.size() > max_tag_value_size)
            refuse(field, "tag '{}' is longer than {} bytes", key, max_tag_value_size);
        if (!is_utf8(key) || !is_utf8(value)) return refuse(field, "a tag is not valid UTF-8");
        if (has_control(key) || has_control(value)) refuse(field, "tag '{}' has a control character", key);
    }
}

void Examiner::answer(std::string_view field, std::string_view text, uint16_t status) {
    if (text.empty()) return;
    if (!is_utf8(text)) return refuse(field, "the answer for {}: it is not valid UTF-8", status);
    const auto parsed = http::AnswerTemplate::parse(status, text);
    if (!parsed) refuse(field, "the answer for {}: {}", status, parsed.error().message);
}

void Examiner::answers(std::string_view field, const Texts& answers) {
    for (const auto& [key, text] : answers) {
        if (const auto status = answer_status(key)) {
            answer(field, text, *status);
        } else {
            refuse(field, "'{}' is no status that Seki answers with", is_utf8(key) ? key : "?");
        }
    }
}

void Examiner::address(std::string_view field, command::SocketAddress& address) {
    const Result<SocketAddress> known = from_wire(address);
    if (!known) return refuse(field, "{}", known.error().message);
    if (known->port() == 0) return refuse(field, "{}: the port must not be 0", known->text());
    address = to_wire(*known);
}

void Examiner::host(std::string_view field, std::string& host) {
    constexpr size_t max_size = routing::max_host_pattern_bytes;
    if (host.size() > max_size) return refuse(field, "it is longer than {} bytes", max_size);
    Result<std::string> normal = routing::normalise_host_pattern(host);
    if (!normal) return refuse(field, "{}", normal.error().message);
    host = std::move(*normal);
    if (routing::host_kind(host) != routing::HostKind::regex) return;
    if (const auto compiled = routing::HostRegex::compile(host); !compiled) {
        refuse(field, "{}", compiled.error().message);
    }
}

void Examiner::regex(std::string_view field, std::string_view value) {
    if (value.empty()) return refuse(field, "a regular expression must not be empty");
    if (value.size() > max_regex_size) return refuse(field, "it is longer than {} bytes", max_regex_size);
    if (has_control(value)) return refuse(field, "a regular expression has a control character");
    const auto compiled = routing::Regex::compile(value, routing::Letters::as_written);
    if (!compiled) refuse(field, "{}", compiled.error().message);
}

void Examiner::network(std::string_view field, std::string& network) {
    constexpr size_t max_size = SocketAddress::max_ip_text_size + 4;  // "/128"
    if (network.size() > max_size) return refuse(field, "it is longer than {} bytes", max_size);
    const auto parsed = Network::parse(network);
    if (!parsed) return refuse(field, "{}", parsed.error().message);
    network = parsed->text();
}

void Examiner::schema(const Message& message) {
    unknown_enum_values(message);
    const Reflection& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> present;
    reflection.ListFields(message, &present);
    for (const FieldDescriptor* field : present) {
        if (field->is_map()) continue;
        const bool is_text = field->type() == FieldDescriptor::TYPE_STRING;
        if (!is_text && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
        const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
        std::string scratch;
        for (int i = 0; i < count; ++i) {
            if (!is_text) {
                schema(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                            : reflection.GetMessage(message, field));
                continue;
            }
            const std::string& text = field->is_repeated()
                                          ? reflection.GetRepeatedStringReference(message, field, i, &scratch)
                                          : reflection.GetStringReference(message, field, &scratch);
            if (!is_utf8(text)) refuse(field->name(), "it is not valid UTF-8");
        }
    }
}

// An enumeration of proto2 is closed: a number that it does not know is kept aside and the field looks absent, which
// would turn what was asked into the default.
void Examiner::unknown_enum_values(const Message& message) {
    const auto& unknown = message.GetReflection()->GetUnknownFields(message);
    for (int i = 0; i < unknown.field_count(); ++i) {
        const FieldDescriptor* field = message.GetDescriptor()->FindFieldByNumber(unknown.field(i).number());
        if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) continue;
        const bool plain = unknown.field(i).type() == google::protobuf::UnknownField::TYPE_VARINT;
        refuse(field->name(), "{} is no value of {}", plain ? unknown.field(i).varint() : 0,
               field->enum_type()->name());
    }
}

}  // namespace seki::config
