"""Options bot: an application that trades a paper account through a broker port."""
