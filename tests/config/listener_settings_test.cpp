#include "config/listener_settings.h"

#include <gtest/gtest.h>
#include <string>

#include "command.pb.h"

namespace seki::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

bool is_number(const FieldDescriptor& field) {
    return !field.is_repeated() &&
           (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32 || field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64);
}

void expect_field(const Descriptor& message, const ListenerSetting& setting) {
    const FieldDescriptor* const field = message.FindFieldByName(std::string(setting.name));
    ASSERT_NE(field, nullptr) << message.name() << " has no " << setting.name;
    const bool flag = setting.form == ListenerSetting::Form::flag;
    EXPECT_TRUE(flag ? field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL : is_number(*field)) << field->full_name();
}

TEST(ListenerSettings, are_fields_of_their_listeners_and_of_the_updates) {
    for (const ListenerSetting& setting : listener_settings()) {
        if (setting.of == SettingOf::udp) {
            expect_field(*command::UdpListenerConfig::descriptor(), setting);
            expect_field(*command::UpdateUdpListenerConfig::descriptor(), setting);
            continue;
        }
        expect_field(*command::HttpListenerConfig::descriptor(), setting);
        expect_field(*command::UpdateHttpListenerConfig::descriptor(), setting);
        expect_field(*command::HttpsListenerConfig::descriptor(), setting);
        expect_field(*command::UpdateHttpsListenerConfig::descriptor(), setting);
        if (setting.of != SettingOf::stream) continue;
        expect_field(*command::TcpListenerConfig::descriptor(), setting);
        expect_field(*command::UpdateTcpListenerConfig::descriptor(), setting);
    }
}

TEST(ListenerSettings, are_all_numbers_that_an_http_listener_has) {
    const Descriptor& http = *command::HttpListenerConfig::descriptor();
    for (int i = 0; i < http.field_count(); ++i) {
        if (!is_number(*http.field(i))) continue;
        bool found = false;
        for (const ListenerSetting& setting : listener_settings()) found |= setting.name == http.field(i)->name();
        EXPECT_TRUE(found) << http.field(i)->full_name();
    }
}

TEST(ListenerSettings, that_are_off_are_no_numbers) {
    command::HttpListenerConfig listener;
    listener.set_front_timeout(7);
    listener.set_client_half_close_timeout(UINT32_MAX);
    const auto said = said_numbers(listener);
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(said.front().setting.name, "front_timeout");
    EXPECT_EQ(said.front().value, 7U);
    EXPECT_TRUE(is_off("client_half_close_timeout", UINT32_MAX));
    EXPECT_FALSE(is_off("client_half_close_timeout", 0));
    EXPECT_FALSE(is_off("front_timeout", UINT32_MAX));
}

}  // namespace
}  // namespace seki::config
