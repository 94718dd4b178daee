#include "config/difference.h"

#include <google/protobuf/util/message_differencer.h>
namespace seki::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::util::MessageDifferencer;

bool same_field(const google::protobuf::Message& a, const google::protobuf::Message& b, const FieldDescriptor* field) {
    MessageDifferencer differencer;
    differencer.set_message_field_comparison(MessageDifferencer::EQUAL);
    return differencer.CompareWithFields(a, b, {field}, {field});
}

void name_fields(const google::protobuf::Message& a, const google::protobuf::Message& b, command::Difference& found) {
    const auto* descriptor = a.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
        const FieldDescriptor* field = descriptor->field(i);
        if (!same_field(a, b, field)) found.add_fields(field->name());
    }
}

void name_fields(const StoredCertificate& a, const StoredCertificate& b, command::Difference& found) {
    if (a.chain().links() != b.chain().links()) found.add_fields("certificate_chain");
    if (a.names() != b.names()) found.add_fields("names");
    if (found.fields().empty()) found.add_fields("certificate");
}

class Comparison {
public:
    Comparison(const State& from, const State& to, size_t max) : from_(from), to_(to), max_(max) {}

    template <typename... Kinds>
    void run(const std::tuple<Table<Kinds>...>* /*kinds*/) {
        (compare(from_.table<Kinds>(), to_.table<Kinds>()), ...);
        const Limits& a = from_.limits();
        const Limits& b = to_.limits();
        compare_limit("MaxConnectionsPerIp", a.max_connections_per_ip, b.max_connections_per_ip);
        compare_limit("MaxConnectionsPerSubnet", a.max_connections_per_subnet, b.max_connections_per_subnet);
        compare_limit("MaxConnectionAttempts", a.max_connection_attempts, b.max_connection_attempts);
        if (from_.ticket_secret() != to_.ticket_secret()) add(command::CHANGED, "TlsTicketSecret", "");
    }

    command::Differences take() { return std::move(found_); }

private:
    // Null when there is no room.
    command::Difference* add(command::DifferenceKind kind, std::string_view thing, std::string name) {
        if (static_cast<size_t>(found_.vec_size()) == max_) {
            found_.set_omitted(found_.omitted() + 1);
            return nullptr;
        }
        command::Difference& found = *found_.add_vec();
        found.set_kind(kind);
        found.set_thing(std::string(thing));
        found.set_name(std::move(name));
        return &found;
    }

    void compare_limit(std::string_view thing, uint64_t from, uint64_t to) {
        if (from == to) return;
        if (auto* found = add(command::CHANGED, thing, "")) found->add_fields("limit");
    }

    // Both are ordered.
    template <typename Kind>
    void compare(const Table<Kind>& from, const Table<Kind>& to) {
        auto a = from.entries().begin();
        auto b = to.entries().begin();
        while (a != from.entries().end() || b != to.entries().end()) {
            const bool only_a = b == to.entries().end() || (a != from.entries().end() && a->first < b->first);
            const bool only_b = a == from.entries().end() || (b != to.entries().end() && b->first < a->first);
            if (only_a) {
                add(command::REMOVED, Kind::name, name_of<Kind>(a++->first));
            } else if (only_b) {
                add(command::ADDED, Kind::name, name_of<Kind>(b++->first));
            } else {
                if (!same_message(a->second, b->second)) {
                    if (auto* found = add(command::CHANGED, Kind::name, name_of<Kind>(a->first)))
                        name_fields(a->second, b->second, *found);
                }
                ++a;
                ++b;
            }
        }
    }

    template <typename Kind>
    static std::string name_of(const typename Kind::Key& key) {
        if constexpr (std::is_same_v<Kind, Backends>)
            return fmt::format("{} {} {}", key.cluster_id, key.backend_id, key.address.text());
        if constexpr (std::is_same_v<Kind, Certificates>)
            return fmt::format("{} {}", key.address.text(), Kind::key_text(key));
        return Kind::key_text(key);
    }

    const State& from_;
    const State& to_;
    size_t max_;
    command::Differences found_;
};

const char* sign_of(command::DifferenceKind kind) {
    switch (kind) {
        case command::ADDED:
            return "+";
        case command::REMOVED:
            return "-";
        case command::CHANGED:
            break;
    }
    return "~";
}

}  // namespace

command::Differences differences(const State& from, const State& to, size_t max) {
    Comparison comparison(from, to, max);
    comparison.run(static_cast<const EveryKind<Table>*>(nullptr));
    return comparison.take();
}

std::string text(const command::Difference& difference) {
    std::string text = fmt::format("{} {} {}", sign_of(difference.kind()), difference.thing(), difference.name());
    for (int i = 0; i < difference.fields_size(); ++i) text += (i == 0 ? ": " : ", ") + difference.fields(i);
    return text;
}

}  // namespace seki::config
