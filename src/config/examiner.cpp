#include "config/examiner.h"

#include <google/protobuf/unknown_field_set.h>

#include "config/convert.h"
#include "config/limits.h"
#include "config/text.h"

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

void Examiner::number(std::string_view field, uint64_t value, uint64_t min, uint64_t max) {
    if (value < min || value > max) refuse(field, "{} is not within {} and {}", value, min, max);
}

void Examiner::timeout(std::string_view field, uint64_t seconds) {
    if (seconds < min_timeout_s || seconds > max_timeout_s) {
        refuse(field, "{} s is not within {} and {} s", seconds, min_timeout_s, max_timeout_s);
    }
}

void Examiner::token(std::string_view field, std::string_view value, size_t max_size) {
    if (value.size() > max_size) return refuse(field, "it is longer than {} bytes", max_size);
    if (!is_token(value)) refuse(field, "'{}' is no token (letters, digits and !#$%&'*+-.^_`|~)", value);
}

void Examiner::tags(std::string_view field, const Tags& tags) {
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

void Examiner::address(std::string_view field, command::SocketAddress& address) {
    const Result<SocketAddress> known = from_wire(address);
    if (!known) return refuse(field, "{}", known.error().message);
    if (known->port() == 0) return refuse(field, "{}: the port must not be 0", known->text());
    address = to_wire(*known);
}

void Examiner::host(std::string_view field, std::string& host) {
    host = normal_host(host);
    if (host.contains('*') || host.contains('/')) return wants(field, true, Feature::host_patterns);
    const std::string_view why = why_no_host(host);
    if (!why.empty()) refuse(field, "'{}' is no host name: {}", host, why);
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
