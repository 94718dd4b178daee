#include "config/cluster_hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <tuple>
#include <vector>

#include "base/check.h"
#include "base/siphash.h"
#include "config/convert.h"

namespace seki::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using TextMap = google::protobuf::Map<std::string, std::string>;

constexpr int first_own_number = 1000;
constexpr SipKey rust_key{};  // of DefaultHasher::new()

// Writes messages as Rust's derived Hash feeds them to its hasher: integers little-endian at their width, 0xFF after a
// string, an eight-byte tag before what is optional, an eight-byte length before what is repeated, fields in the order
// of the schema.
class HashedForm {
public:
    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

    template <typename Number>
    void number(Number value) {
        static_assert(std::endian::native == std::endian::little);
        std::array<char, sizeof value> raw;
        std::memcpy(raw.data(), &value, sizeof value);
        bytes_.append(raw.data(), raw.size());
    }

    void present(bool yes) { number<uint64_t>(yes ? 1 : 0); }
    void length(size_t count) { number<uint64_t>(count); }

    void text(std::string_view value) {
        bytes_ += value;
        bytes_ += '\xFF';
    }

    void message(const Message& message) {
        if (const auto* address = dynamic_cast<const command::SocketAddress*>(&message))
            return socket_address(*address);
        const Reflection& reflection = *message.GetReflection();
        for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
            const FieldDescriptor* one = message.GetDescriptor()->field(i);
            one->number() < first_own_number ? field(message, reflection, one) : own_field(message, reflection, one);
        }
    }

private:
    void socket_address(const command::SocketAddress& wire) {
        const SocketAddress address = checked_address(wire);
        number<uint64_t>(address.is_v4() ? 0 : 1);
        for (const uint8_t byte : address.ip()) number(byte);
        number(address.port());
        if (!address.is_v4()) number<uint64_t>(0);  // flow information and scope
    }

    // Fields that only Seki has say which one they are, and only when they are there: what does without them has the
    // hash that others compute.
    void own_field(const Message& message, const Reflection& reflection, const FieldDescriptor* field) {
        const bool there =
            field->is_repeated() ? reflection.FieldSize(message, field) > 0 : reflection.HasField(message, field);
        if (!there) return;
        number(field->number());
        this->field(message, reflection, field);
    }

    void field(const Message& message, const Reflection& reflection, const FieldDescriptor* field) {
        if (field->is_map()) return map(message);
        if (field->is_repeated()) {
            const int count = reflection.FieldSize(message, field);
            length(static_cast<size_t>(count));
            for (int i = 0; i < count; ++i) element(message, reflection, field, i);
            return;
        }
        const bool is_present = field->is_required() || reflection.HasField(message, field);
        if (!field->is_required()) present(is_present);
        if (is_present) single(message, reflection, field);
    }

    void single(const Message& message, const Reflection& reflection, const FieldDescriptor* field) {
        switch (field->cpp_type()) {
            case FieldDescriptor::CPPTYPE_BOOL:
                return number<uint8_t>(reflection.GetBool(message, field) ? 1 : 0);
            case FieldDescriptor::CPPTYPE_INT32:
                return number(reflection.GetInt32(message, field));
            case FieldDescriptor::CPPTYPE_UINT32:
                return number(reflection.GetUInt32(message, field));
            case FieldDescriptor::CPPTYPE_UINT64:
                return number(reflection.GetUInt64(message, field));
            case FieldDescriptor::CPPTYPE_ENUM:
                return number<int32_t>(reflection.GetEnumValue(message, field));
            case FieldDescriptor::CPPTYPE_MESSAGE:
                return this->message(reflection.GetMessage(message, field));
            case FieldDescriptor::CPPTYPE_STRING:
                break;
            default:
                SEKI_CHECK(!"a type of field that clusters do not have");
        }
        const std::string value = reflection.GetString(message, field);
        if (field->type() != FieldDescriptor::TYPE_BYTES) return text(value);
        length(value.size());
        bytes_ += value;
    }

    void element(const Message& message, const Reflection& reflection, const FieldDescriptor* field, int index) {
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            return this->message(reflection.GetRepeatedMessage(message, field, index));
        }
        text(reflection.GetRepeatedString(message, field, index));
    }

    // Reading a map by reflection would build a second copy inside the message, so the three that there are go by name.
    void map(const Message& message) {
        if (const auto* cluster = dynamic_cast<const command::Cluster*>(&message)) return text_map(cluster->answers());
        if (const auto* tcp = dynamic_cast<const command::RequestTcpFrontend*>(&message)) return text_map(tcp->tags());
        const auto* http = dynamic_cast<const command::RequestHttpFrontend*>(&message);
        SEKI_CHECK(http != nullptr);
        present(true);
        text_map(http->tags());
    }

    void text_map(const TextMap& map) {
        std::vector<std::pair<std::string_view, std::string_view>> sorted(map.begin(), map.end());
        std::ranges::sort(sorted);
        length(sorted.size());
        for (const auto& [key, value] : sorted) {
            text(key);
            text(value);
        }
    }

    std::string bytes_;
};

// The order in which Sōzu keeps the backends of a cluster. An absent option comes before every present one.
auto backend_order(const command::AddBackend& backend) {
    const bool weighted = backend.has_load_balancing_parameters();
    return std::tuple(std::string_view(backend.backend_id()), backend.has_sticky_id(),
                      std::string_view(backend.sticky_id()), weighted, backend.load_balancing_parameters().weight(),
                      backend.has_backup(), backend.backup(), checked_address(backend.address()));
}

void add_backends(HashedForm& form, const State& state, std::string_view cluster_id) {
    std::vector<const command::AddBackend*> backends;
    state.table<Backends>().for_each_of(cluster_id, [&](const auto&, const auto& each) { backends.push_back(&each); });
    std::ranges::sort(backends, {}, [](const auto* each) { return backend_order(*each); });
    if (backends.empty()) return;
    form.length(backends.size());
    for (const auto* backend : backends) form.message(*backend);
}

void add_tcp_frontends(HashedForm& form, const State& state, std::string_view cluster_id) {
    std::vector<const command::RequestTcpFrontend*> frontends;
    state.table<TcpFrontends>().for_each_of(cluster_id,
                                            [&](const auto&, const auto& each) { frontends.push_back(&each); });
    if (frontends.empty()) return;
    form.length(frontends.size());
    for (const auto* frontend : frontends) form.message(*frontend);
}

template <typename Kind>
void add_routes(HashedForm& form, const State& state, std::string_view cluster_id) {
    std::multimap<std::string, const command::RequestHttpFrontend*> by_key_text;
    state.table<Kind>().for_each_of(cluster_id,
                                    [&](const auto& key, const auto& each) { by_key_text.emplace(key.text(), &each); });
    for (const auto& [key, frontend] : by_key_text) form.message(*frontend);
}

}  // namespace

uint64_t cluster_hash(const State& state, std::string_view cluster_id) {
    const command::Cluster* cluster = state.table<Clusters>().find(std::string(cluster_id));
    if (cluster == nullptr) return 0;
    HashedForm form;
    form.present(true);
    form.message(*cluster);
    add_backends(form, state, cluster_id);
    add_tcp_frontends(form, state, cluster_id);
    add_routes<HttpFrontends>(form, state, cluster_id);
    add_routes<HttpsFrontends>(form, state, cluster_id);
    return siphash13(rust_key, form.bytes());
}

}  // namespace seki::config
