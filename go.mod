module deskmove

go 1.26
