"""What a person is told: their inbox, and from there mail and their browsers, as they chose.

    event -> route (dispatcher's transaction): a row of the inbox, jobs
             mail: one transaction, so a mail is written once      push: calls, so a notification may come twice and
                                                                         shows once, under the same tag

Which events are told, in which words and about which topic, stands in the event's own file (hub/events/types).
"""
