#include "config/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <string>

#include <google/protobuf/descriptor.pb.h>

#include "command.pb.h"

namespace seki::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

const std::string marker = "nobody-but-the-owner";

// Gives each field of each kind of message within it one value; secret ones have the marker.
void fill(Message& message, std::set<const Descriptor*> above = {}) {
    const Descriptor& descriptor = *message.GetDescriptor();
    if (!above.insert(&descriptor).second) return;
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < descriptor.field_count(); ++i) {
        const FieldDescriptor* field = descriptor.field(i);
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
            const std::string text = is_secret(*field) ? marker : "x";
            field->is_repeated() ? reflection.AddString(&message, field, text)
                                 : reflection.SetString(&message, field, text);
        } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            fill(field->is_repeated() ? *reflection.AddMessage(&message, field)
                                      : *reflection.MutableMessage(&message, field),
                 above);
        }
    }
}

// A oneof holds one of its fields only.
void expect_no_marker(const Descriptor* content) {
    for (int i = 0; i < content->field_count(); ++i) {
        const FieldDescriptor* field = content->field(i);
        if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_repeated()) continue;
        command::ResponseContent answer;
        fill(*answer.GetReflection()->MutableMessage(&answer, field));
        clear_secrets(answer);
        EXPECT_EQ(answer.SerializePartialAsString().find(marker), std::string::npos) << field->name();
    }
}

TEST(Secrets, are_in_no_answer_wherever_they_stand) { expect_no_marker(command::ResponseContent::descriptor()); }

TEST(Secrets, are_cleared_within_lists_and_maps) {
    command::ResponseContent content;
    auto& cluster = *(*content.mutable_worker_responses()->mutable_map())["main"].mutable_clusters()->add_vec();
    cluster.mutable_configuration()->mutable_tls()->set_key(marker);
    cluster.mutable_configuration()->mutable_tls()->set_server_name("a.example");
    cluster.mutable_configuration()->add_authorized_hashes(marker);
    clear_secrets(content);
    const auto& cleared = content.worker_responses().map().at("main").clusters().vec(0).configuration();
    EXPECT_FALSE(cleared.tls().has_key());
    EXPECT_EQ(cleared.tls().server_name(), "a.example");
    EXPECT_TRUE(cleared.authorized_hashes().empty());

    command::CertificateAndKey certificate;
    certificate.set_certificate("c");
    certificate.set_key(marker);
    clear_secrets(certificate);
    EXPECT_TRUE(certificate.has_key()) << "it must be there";
    EXPECT_EQ(certificate.key(), "");
}

// Whoever adds a field whose name says that it is secret decides whether it is.
TEST(Secrets, are_all_that_sound_like_one) {
    const std::set<std::string> harmless{"command.AccessLogTag.key",
                                         "command.Header.key",
                                         "command.UdpClusterConfig.affinity_key",
                                         "command.BackendTls.pinned_keys",
                                         "command.SaveState.without_keys",
                                         "command.QueryState.without_keys",
                                         "command.ServerConfig.tls_ticket_secret_file"};
    std::vector<std::string> undecided;
    const auto* file = command::Request::descriptor()->file();
    const std::function<void(const Descriptor*)> visit = [&](const Descriptor* message) {
        for (int i = 0; i < message->nested_type_count(); ++i) visit(message->nested_type(i));
        if (message->options().map_entry()) return;
        for (int i = 0; i < message->field_count(); ++i) {
            const FieldDescriptor& field = *message->field(i);
            const std::string name = field.name();
            const bool sounds = name == "key" || name.ends_with("_key") || name.ends_with("_keys") ||
                                name.contains("secret") || name.contains("password") || name.contains("hashes");
            if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING &&
                field.cpp_type() != FieldDescriptor::CPPTYPE_ENUM)
                continue;
            if (sounds && !is_secret(field) && !harmless.contains(field.full_name()))
                undecided.push_back(field.full_name());
        }
    };
    for (int i = 0; i < file->message_type_count(); ++i) visit(file->message_type(i));
    EXPECT_THAT(undecided, testing::IsEmpty());
}

}  // namespace
}  // namespace seki::config
