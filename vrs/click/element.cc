// The parts of element.hh and handler.hh that aren't templates.
#include "element.hh"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "router.hh"

namespace click {

void *Element::cast(const char *name) {
    return std::string_view(name) == class_name() ? this : nullptr;
}
void *cast_element(Element *element, const char *class_name) { return element->cast(class_name); }

void Element::push(int, Packet *p) {
    chatter("push is not supported");
    p->kill();
}
Packet *Element::pull(int) {
    chatter("pull is not supported");
    return nullptr;
}
void Element::push_batch(int port, Batch &batch) {
    for (Packet *p : batch) push(port, p);
    batch.clear();
}
uint32_t Element::pull_batch(int port, Batch &batch, uint32_t max) {
    uint32_t count = 0;
    while (count < max && !batch.full()) {
        Packet *p = pull(port);
        if (!p) break;
        batch.add(p);
        count += 1;
    }
    return count;
}

void Element::push_part(int output, Batch &batch, uint32_t begin, uint32_t end) const {
    if (begin == end) return;
    Batch *part = Batch::acquire();
    for (uint32_t i = begin; i < end; i += 1) part->add(batch[i]);
    this->output(output).push(*part);
    Batch::release(part);
}
void Element::keep_step() const { router_->driver().keep_step(); }

std::string Element::declaration() const { return name_ + " :: " + class_name(); }

std::string_view Element::scope() const {
    const size_t slash = name_.rfind('/');
    return slash == std::string::npos ? "" : std::string_view(name_).substr(0, slash + 1);
}

Handler &Element::handler_named(const char *name) {
    for (Handler &it : handlers_)
        if (it.name == name) return it;
    handlers_.emplace_back();
    handlers_.back().name = name;
    return handlers_.back();
}

const Handler *Element::find_handler(std::string_view name) const {
    for (const Handler &it : handlers_)
        if (it.name == name) return &it;
    return nullptr;
}

void Element::chatter(const char *text, ...) const {
    va_list list;
    va_start(list, text);
    const std::string message = format_list(text, list);
    va_end(list);
    FileErrorHandler(2).message("%s: %s", name_.c_str(), message.c_str());
}

void Element::add_task_handlers(Task *task) {
    add_read("scheduled", [task] { return task->is_scheduled(); });
    add_write("scheduled", [task](const std::string &value, ErrorHandler &errh) {
        bool is_on;
        if (!parse_bool(trim(value), is_on)) return errh.error("syntax error");
        is_on ? task->reschedule() : task->unschedule();
        return 0;
    });
    add_read("tickets", [task] { return task->tickets(); });
    add_write("tickets", [task, this](const std::string &value, ErrorHandler &errh) {
        int tickets;
        ArgContext context{this, errh, "tickets"};
        if (!parse_arg(trim(value), tickets, context)) return -1;
        task->set_tickets(tickets);
        return 0;
    });
}

std::string to_text(double v) {
    char buffer[40];
    for (const int digits : {6, 9, 12, 15, 17}) {
        std::snprintf(buffer, sizeof buffer, "%.*g", digits, v);
        if (std::strtod(buffer, nullptr) == v) break;
    }
    return buffer;
}

std::string HandlerCall::read(ErrorHandler &errh) const { return handler->read(value, errh); }
int HandlerCall::write(const std::string &text, ErrorHandler &errh) const {
    return handler->write(text, errh);
}

bool HandlerCall::parse(std::string_view text, Element *context, Router &router, bool writes,
                        ErrorHandler &errh) {
    const std::string full = pop_word(text);
    value = text;
    const size_t dot = full.rfind('.');
    const std::string name = dot == std::string::npos ? full : full.substr(dot + 1);
    element = nullptr;
    if (dot != std::string::npos && dot > 0) {
        element = router.find(std::string_view(full).substr(0, dot), context);
        if (!element) {
            errh.error("no element named '%s'", full.substr(0, dot).c_str());
            return false;
        }
    } else if (dot == std::string::npos && (element = router.find(full, context))) {
        errh.error("'%s' is an element; which handler?", full.c_str());
        return false;
    }
    handler = element ? element->find_handler(name) : router.find_handler(name);
    if (element && !handler) handler = element->missing_handler(name);
    const char *kind = writes ? "write" : "read";
    if (handler && (writes ? bool(handler->write) : bool(handler->read))) return true;
    if (handler)
        errh.error("'%s' is not a %s handler", full.c_str(), kind);
    else
        errh.error("no '%s' handler", full.c_str());
    handler = nullptr;
    return false;
}

} // namespace click
