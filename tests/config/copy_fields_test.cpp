#include "config/copy_fields.h"

#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <google/protobuf/descriptor.pb.h>

#include "command.pb.h"

namespace seki::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::Message;

// Makes it present, whatever it is.
void set(Message& message, const FieldDescriptor* field) {
    const auto& reflection = *message.GetReflection();
    const bool list = field->is_repeated();
    switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL:
            return list ? reflection.AddBool(&message, field, true) : reflection.SetBool(&message, field, true);
        case FieldDescriptor::CPPTYPE_UINT32:
            return list ? reflection.AddUInt32(&message, field, 1) : reflection.SetUInt32(&message, field, 1);
        case FieldDescriptor::CPPTYPE_UINT64:
            return list ? reflection.AddUInt64(&message, field, 1) : reflection.SetUInt64(&message, field, 1);
        case FieldDescriptor::CPPTYPE_INT32:
            return list ? reflection.AddInt32(&message, field, 1) : reflection.SetInt32(&message, field, 1);
        case FieldDescriptor::CPPTYPE_ENUM: {
            const int value = field->enum_type()->value(0)->number();
            return list ? reflection.AddEnumValue(&message, field, value)
                        : reflection.SetEnumValue(&message, field, value);
        }
        case FieldDescriptor::CPPTYPE_STRING:
            return list ? reflection.AddString(&message, field, "x") : reflection.SetString(&message, field, "x");
        case FieldDescriptor::CPPTYPE_MESSAGE:
            list ? reflection.AddMessage(&message, field) : reflection.MutableMessage(&message, field);
            return;
        default:
            FAIL() << field->full_name();
    }
}

// Whatever `From` may have of what `To` has too arrives there. Which protocols are offered, and that there is a list of
// them, is said in two ways; update.h translates.
template <typename From, typename To>
void expect_copied() {
    size_t shared = 0;
    for (int i = 0; i < From::descriptor()->field_count(); ++i) {
        const FieldDescriptor* field = From::descriptor()->field(i);
        const FieldDescriptor* target = To::descriptor()->FindFieldByName(field->name());
        if (field->is_map() || target == nullptr || field->name() == "alpn_protocols") continue;
        From from;
        set(from, field);
        To to;
        const auto copied = copy_fields(from, to);
        EXPECT_TRUE(copied) << copied.error().message;
        std::vector<const FieldDescriptor*> present;
        to.GetReflection()->ListFields(to, &present);
        EXPECT_EQ(present, std::vector{target}) << field->full_name();
        ++shared;
    }
    EXPECT_GT(shared, 0U);
}

template <typename A, typename B>
void expect_copied_both_ways() {
    expect_copied<A, B>();
    expect_copied<B, A>();
}

TEST(CopyFields, copies_whatever_a_thing_and_its_update_share) {
    expect_copied_both_ways<command::UpdateHttpListenerConfig, command::HttpListenerConfig>();
    expect_copied_both_ways<command::UpdateHttpsListenerConfig, command::HttpsListenerConfig>();
    expect_copied_both_ways<command::UpdateTcpListenerConfig, command::TcpListenerConfig>();
    expect_copied_both_ways<command::UpdateHttpFrontend, command::RequestHttpFrontend>();
}

// Two messages, "From" and "To", with one field each.
class Pair {
public:
    Pair(const std::string& type, const std::string& other_type) {
        google::protobuf::FileDescriptorProto file;
        file.set_name("pair.proto");
        for (const char* inner : {"Apple", "Pear"}) file.add_message_type()->set_name(inner);
        add(*file.add_message_type(), "From", type);
        add(*file.add_message_type(), "To", other_type);
        const auto* built = pool_.BuildFile(file);
        from.reset(factory_.GetPrototype(built->FindMessageTypeByName("From"))->New());
        to.reset(factory_.GetPrototype(built->FindMessageTypeByName("To"))->New());
        set(*from, from->GetDescriptor()->field(0));
    }

private:
    static void add(google::protobuf::DescriptorProto& message, const std::string& name, std::string type) {
        message.set_name(name);
        FieldDescriptorProto& field = *message.add_field();
        field.set_name("answer");
        field.set_number(1);
        const bool list = type.ends_with("*");
        if (list) type.pop_back();
        field.set_label(list ? FieldDescriptorProto::LABEL_REPEATED : FieldDescriptorProto::LABEL_OPTIONAL);
        if (type == "string") return field.set_type(FieldDescriptorProto::TYPE_STRING);
        if (type == "number") return field.set_type(FieldDescriptorProto::TYPE_UINT32);
        field.set_type(FieldDescriptorProto::TYPE_MESSAGE);
        field.set_type_name("." + type);
    }

    google::protobuf::DescriptorPool pool_;
    google::protobuf::DynamicMessageFactory factory_{&pool_};

public:
    std::unique_ptr<Message> from;
    std::unique_ptr<Message> to;
};

TEST(CopyFields, refuses_fields_that_are_called_alike_and_are_different_things) {
    for (const auto& [type, other] : std::vector<std::pair<std::string, std::string>>{{"string", "number"},
                                                                                      {"string", "string*"},
                                                                                      {"string*", "string"},
                                                                                      {"Apple", "Pear"},
                                                                                      {"Apple*", "Pear*"},
                                                                                      {"string", "Apple"},
                                                                                      {"number*", "number*"}}) {
        const Pair pair(type, other);
        const auto copied = copy_fields(*pair.from, *pair.to);
        ASSERT_FALSE(copied) << type << " to " << other;
        EXPECT_EQ(copied.error().message, "answer of From is none of To");
    }
}

TEST(CopyFields, copies_fields_that_are_alike) {
    for (const std::string type : {"string", "string*", "number", "Apple", "Apple*"}) {
        const Pair pair(type, type);
        EXPECT_TRUE(copy_fields(*pair.from, *pair.to)) << type;
    }
}

}  // namespace
}  // namespace seki::config
