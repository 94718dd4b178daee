#include "config/convert.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/check.h"
#include "config/limits.h"

namespace seki::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Maps have no order of their own: only the deterministic encoding of equal messages is equal.
std::string encoded(const Message& message) {
    std::string bytes;
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&out);
    out.Trim();
    return bytes;
}

// Setting a required field to what its getter says already makes it present.
void make_present(Message& message, const Reflection& reflection, const FieldDescriptor* field) {
    switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL:
            return reflection.SetBool(&message, field, reflection.GetBool(message, field));
        case FieldDescriptor::CPPTYPE_INT32:
            return reflection.SetInt32(&message, field, reflection.GetInt32(message, field));
        case FieldDescriptor::CPPTYPE_INT64:
            return reflection.SetInt64(&message, field, reflection.GetInt64(message, field));
        case FieldDescriptor::CPPTYPE_UINT32:
            return reflection.SetUInt32(&message, field, reflection.GetUInt32(message, field));
        case FieldDescriptor::CPPTYPE_UINT64:
            return reflection.SetUInt64(&message, field, reflection.GetUInt64(message, field));
        case FieldDescriptor::CPPTYPE_ENUM:
            return reflection.SetEnum(&message, field, reflection.GetEnum(message, field));
        case FieldDescriptor::CPPTYPE_STRING:
            return reflection.SetString(&message, field, reflection.GetString(message, field));
        case FieldDescriptor::CPPTYPE_MESSAGE:
            reflection.MutableMessage(&message, field);
            return;
        default:
            SEKI_CHECK(!"a required field of a type that the schema does not use");
    }
}

}  // namespace

Result<SocketAddress> from_wire(const command::SocketAddress& wire) {
    if (wire.port() > UINT16_MAX) return failure("{} is no port: the largest is {}", wire.port(), UINT16_MAX);
    const auto port = static_cast<uint16_t>(wire.port());
    if (!wire.ip().has_v6()) return SocketAddress::v4(wire.ip().v4(), port);

    std::array<uint8_t, 16> ip{};
    uint64_t high = wire.ip().v6().high();
    uint64_t low = wire.ip().v6().low();
    for (size_t i = 8; i-- > 0; high >>= 8U, low >>= 8U) {
        ip[i] = static_cast<uint8_t>(high);
        ip[i + 8] = static_cast<uint8_t>(low);
    }
    return SocketAddress::v6(ip, port);
}

command::SocketAddress to_wire(const SocketAddress& address) {
    command::SocketAddress wire;
    wire.set_port(address.port());
    uint64_t high = 0;
    uint64_t low = 0;
    for (const uint8_t byte : address.ip()) {
        high = (high << 8U) | (low >> 56U);
        low = (low << 8U) | byte;
    }
    if (address.is_v4()) {
        wire.mutable_ip()->set_v4(static_cast<uint32_t>(low));
        return wire;
    }
    wire.mutable_ip()->mutable_v6()->set_high(high);
    wire.mutable_ip()->mutable_v6()->set_low(low);
    return wire;
}

SocketAddress checked_address(const command::SocketAddress& wire) {
    const Result<SocketAddress> address = from_wire(wire);
    SEKI_CHECK(address.has_value());
    return *address;
}

std::vector<Network> checked_networks(const google::protobuf::RepeatedPtrField<std::string>& texts) {
    std::vector<Network> networks;
    for (const std::string& text : texts) {
        const Result<Network> network = Network::parse(text);
        SEKI_CHECK(network.has_value());
        networks.push_back(*network);
    }
    return networks;
}

uint32_t weight_of(const command::AddBackend& backend) {
    const int32_t given = backend.load_balancing_parameters().weight();
    return given > 0 ? static_cast<uint32_t>(given) : default_weight;
}

std::string verb_name(const command::Request& request) {
    const auto* verbs = command::Request::descriptor()->oneof_decl(0);
    const FieldDescriptor* verb = command::Request::GetReflection()->GetOneofFieldDescriptor(request, verbs);
    if (verb == nullptr) return "Empty";
    std::string name;
    bool upper = true;
    for (const char c : verb->name()) {
        if (c != '_') name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
        upper = c == '_';
    }
    return name;
}

void fill_required(Message& message) {
    const auto* descriptor = message.GetDescriptor();
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < descriptor->field_count(); ++i) {
        const FieldDescriptor* field = descriptor->field(i);
        if (field->is_required() && !reflection.HasField(message, field)) make_present(message, reflection, field);
        if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
        if (field->is_repeated()) {
            for (int n = 0; n < reflection.FieldSize(message, field); ++n) {
                fill_required(*reflection.MutableRepeatedMessage(&message, field, n));
            }
        } else if (reflection.HasField(message, field)) {
            fill_required(*reflection.MutableMessage(&message, field));
        }
    }
}

bool same_message(const Message& a, const Message& b) { return encoded(a) == encoded(b); }

}  // namespace seki::config
